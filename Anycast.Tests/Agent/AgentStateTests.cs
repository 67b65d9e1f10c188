using Anycast.Agent;
using Anycast.Agent.Connection;

namespace Anycast.Tests.Agent;

/// <summary>A change of keys that is cut off after any of its writes is finished at the next start, and nobody is locked out.</summary>
public sealed class AgentStateTests
{
    private static readonly Uri s_server = new("https://anycast.example.org");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rotation_CutOffAtEveryWrite_IsFinishedAtTheNextStart()
    {
        var cuts = 0;
        for (var writes = 0; ; writes++)
        {
            var (store, service) = (new MemoryStore(), new Service());
            await ConnectAsync(store, service, "first");
            var before = store.Read("agent-key.pem");
            store.Left = writes;
            try
            {
                await ConnectAsync(store, service, "second");
                Assert.NotEqual(before, store.Read("agent-key.pem"));
                break;
            }
            catch (IOException)
            {
                cuts++;
            }

            // Killed there; the next start has the same token, and after it one without.
            store.Left = int.MaxValue;
            var id = await ConnectAsync(store, service, "second");
            Assert.Equal("2", id);
            Assert.Equal(id, await ConnectAsync(store, service, "second"));
            Assert.Equal(id, await ConnectAsync(store, service, null));
            Assert.NotEqual(before, store.Read("agent-key.pem"));
            Assert.All(store.Files.Where(f => f.Key.StartsWith("agent-key-", StringComparison.Ordinal)), f => Assert.Empty(f.Value));
        }

        Assert.InRange(cuts, 4, 8);
    }

    [Fact]
    public async Task Identity_WithATokenThatIsWorthless_IsTheOneFromBefore()
    {
        var (store, service) = (new MemoryStore(), new Service());
        await ConnectAsync(store, service, "first");
        using var state = await AgentState.OpenAsync(store, Ct);
        Assert.Null((await state.IdentityAsync(s_server, "late", Ct)).AgentId);
        Assert.True(state.GoesOnWithout(s_server, "late"));
        Assert.Equal("1", (await state.IdentityAsync(s_server, "late", Ct)).AgentId);
        Assert.False(state.GoesOnWithout(new Uri("https://elsewhere.example.org"), "late"));
    }

    private static async Task<string> ConnectAsync(MemoryStore store, Service service, string? token)
    {
        using var state = await AgentState.OpenAsync(store, Ct);
        var identity = await state.IdentityAsync(s_server, token, Ct);
        var id = service.Decide(identity);
        await state.EnrolledAsync(s_server, token, identity, id, Ct);
        return id;
    }

    /// <summary>Knows keys and used tokens, as the service does.</summary>
    private sealed class Service
    {
        private readonly Dictionary<string, string> _keys = [];
        private readonly HashSet<string> _used = [];

        public string Decide(AgentIdentity agent)
        {
            if (_keys.TryGetValue(agent.PublicKey, out var id))
            {
                Assert.True(agent.AgentId is null || agent.AgentId == id, "the key of another id");
                return id;
            }

            Assert.Null(agent.AgentId);
            Assert.True(_used.Add(agent.Token!), "the token was used by another key");
            return _keys[agent.PublicKey] = (_keys.Count + 1).ToString();
        }
    }

    /// <summary>Fails when its writes are used up.</summary>
    private sealed class MemoryStore : IStateStore
    {
        public Dictionary<string, string> Files { get; } = [];

        public int Left { get; set; } = int.MaxValue;

        public string Description => "memory";

        public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public string? Read(string file) => Files.GetValueOrDefault(file);

        public Task WriteAsync(string file, string text, CancellationToken cancellationToken)
        {
            if (Left-- <= 0)
            {
                throw new IOException("cut off");
            }

            Files[file] = text;
            return Task.CompletedTask;
        }
    }
}
