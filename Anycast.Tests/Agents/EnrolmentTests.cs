using System.Net;
using System.Security.Cryptography;
using Anycast.Agent;
using Anycast.Core.Agents;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Sandbox;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Carrier;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Agents;

/// <summary>Who gets in as which cluster (T8): tokens, keys, revocation, quarantine. Over the real end point and with the real agent where it matters.</summary>
public sealed class EnrolmentTests(UnconnectedFixture fixture) : IClassFixture<UnconnectedFixture>
{
    private readonly ConnectedCluster _world = fixture.World;

    private AgentAdmission Admission => _world.Core.Get<AgentAdmission>();

    private EnrolmentWatch Watch => _world.Core.Get<EnrolmentWatch>();

    [Theory]
    [InlineData("ace_nosuchtoken", RefusalCodes.TokenInvalid)]
    [InlineData("", RefusalCodes.Revoked)]
    public async Task Decide_WithoutAValidToken_Refuses(string token, string code) =>
        Assert.Equal(code, (await Admission.DecideAsync(Hello(token), true, "192.0.2.1", CancellationToken.None)).Refusal);

    [Fact]
    public async Task Decide_WithoutProofOfTheKey_RefusesAndLeavesTheTokenUnused()
    {
        var token = await _world.TokenAsync();
        Assert.Equal(RefusalCodes.ProofFailed, (await Admission.DecideAsync(Hello(token), false, null, CancellationToken.None)).Refusal);
        Assert.NotNull((await Admission.DecideAsync(Hello(token), true, null, CancellationToken.None)).Admitted);
    }

    [Fact]
    [PolicyClause("D09")]
    public async Task Token_After15Minutes_IsExpired()
    {
        var token = await _world.TokenAsync();
        _world.Clock.Advance(AgentLimits.TokenLifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(RefusalCodes.TokenExpired, (await Admission.DecideAsync(Hello(token), true, "192.0.2.2", CancellationToken.None)).Refusal);
    }

    [Fact]
    public async Task Token_OfWhichANewerWasMade_IsReplaced()
    {
        var first = await _world.TokenAsync();
        _ = await _world.TokenAsync();
        Assert.Equal(RefusalCodes.TokenReplaced, (await Admission.DecideAsync(Hello(first), true, "192.0.2.3", CancellationToken.None)).Refusal);
        Assert.Equal(RefusalCodes.TokenReplaced, Watch.Last(_world.Cluster.Id)!.Code);
    }

    [Fact]
    [PolicyClause("D09")]
    public async Task Token_ShownBy100KeysAtOnce_EnrolsOne()
    {
        var token = await _world.TokenAsync();
        var hellos = Enumerable.Range(0, 100).Select(_ => Hello(token)).ToList();
        var answers = await Task.WhenAll(hellos.Select((h, i) => Admission.DecideAsync(h, true, $"198.51.100.{i}", CancellationToken.None)));
        Assert.Single(answers, a => a.Admitted is not null);
        Assert.All(answers.Where(a => a.Admitted is null), a => Assert.Equal(RefusalCodes.TokenUsed, a.Refusal));

        // The key that was enrolled may show its used token again, for when the verdict was lost on the way.
        var winner = hellos[Array.FindIndex(answers, a => a.Admitted is not null)];
        Assert.NotNull((await Admission.DecideAsync(winner, true, null, CancellationToken.None)).Admitted);
    }

    [Fact]
    public async Task Token_OfABoundCluster_FromAnotherCluster_IsAMismatch()
    {
        var first = await Admission.DecideAsync(Hello(await _world.TokenAsync()), true, null, CancellationToken.None);
        Assert.NotNull(first.Admitted);
        var other = Hello(await _world.TokenAsync(), "another-uid");
        Assert.Equal(RefusalCodes.ClusterMismatch, (await Admission.DecideAsync(other, true, null, CancellationToken.None)).Refusal);
    }

    [Fact]
    public async Task Key_SeenFromAnotherCluster_IsQuarantinedForGood()
    {
        var hello = Hello(await _world.TokenAsync());
        var agent = (await Admission.DecideAsync(hello, true, null, CancellationToken.None)).Admitted!;
        var known = hello with { Token = null, AgentId = agent.AgentId.ToString() };
        Assert.Equal(RefusalCodes.Quarantined, (await Admission.DecideAsync(known with { ClusterUid = "another-uid" }, true, null, CancellationToken.None)).Refusal);
        Assert.Equal(RefusalCodes.Quarantined, (await Admission.DecideAsync(known, true, null, CancellationToken.None)).Refusal);
        Assert.Equal(RefusalCodes.Quarantined, _world.Core.Get<EnrolmentWatch>().Last(_world.Cluster.Id)!.Code);
    }

    [Fact]
    public async Task Key_WithTheIdOfAnother_IsRefused()
    {
        var hello = Hello(await _world.TokenAsync());
        Assert.NotNull((await Admission.DecideAsync(hello, true, null, CancellationToken.None)).Admitted);
        Assert.Equal(RefusalCodes.ProofFailed, (await Admission.DecideAsync(hello with { Token = null, AgentId = Guid.NewGuid().ToString() }, true, null, CancellationToken.None)).Refusal);
    }

    [Fact]
    [PolicyClause("D09")]
    public async Task ThirdKey_OfACluster_RevokesTheOldest()
    {
        var made = new List<AgentHello>();
        for (var i = 0; i < 3; i++)
        {
            made.Add(Hello(await _world.TokenAsync()));
            Assert.NotNull((await Admission.DecideAsync(made[i], true, null, CancellationToken.None)).Admitted);
            _world.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(RefusalCodes.Revoked, (await Admission.DecideAsync(made[0], true, null, CancellationToken.None)).Refusal);
        Assert.NotNull((await Admission.DecideAsync(made[1], true, null, CancellationToken.None)).Admitted);
        Assert.NotNull((await Admission.DecideAsync(made[2], true, null, CancellationToken.None)).Admitted);
    }

    [Fact]
    public async Task Guesses_FromOneNetwork_RunIntoTheLimit()
    {
        var answers = new List<string?>();
        for (var i = 0; i < 25; i++)
        {
            answers.Add((await Admission.DecideAsync(Hello($"ace_guess{i}"), true, "203.0.113.7", CancellationToken.None)).Refusal);
        }

        Assert.Equal(20, answers.Count(a => a == RefusalCodes.TokenInvalid));
        Assert.Equal(5, answers.Count(a => a == RefusalCodes.Busy));
    }

    [Fact]
    public async Task Tokens_InTheDatabase_StandOnlyAsHashes()
    {
        var token = await _world.TokenAsync();
        await using var db = await _world.Core.OpenAsync();
        var stored = await db.EnrolmentTokens.Select(t => t.Hash).ToListAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(stored, h => h.Contains(token, StringComparison.Ordinal) || token.Contains(h, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    public async Task Endpoint_ForABrowser_IsForbidden(string origin)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_world.Address, TunnelRoutes.Connect));
        request.Headers.Add("Origin", origin);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Refusals_BeforeAnybodyIsKnown_AreToldByTheirToken()
    {
        var token = await _world.TokenAsync();
        await Admission.DecideAsync(Hello(token), false, null, CancellationToken.None);
        Assert.Equal(RefusalCodes.ProofFailed, Watch.Last(_world.Cluster.Id)!.Code);

        // A new token, and an agent that gets in, end what was said before; a token that is none says nothing to anybody.
        token = await _world.TokenAsync();
        Assert.Null(Watch.Last(_world.Cluster.Id));
        await Admission.DecideAsync(Hello("ace_nosuchtoken"), false, null, CancellationToken.None);
        await Admission.NoteAsync(new string('x', AgentLimits.TokenLength + 1), RefusalCodes.ProofFailed, CancellationToken.None);
        Assert.Null(Watch.Last(_world.Cluster.Id));
        await Admission.NoteAsync(token, RefusalCodes.VersionUnsupported, CancellationToken.None);
        Assert.Equal(RefusalCodes.VersionUnsupported, Watch.Last(_world.Cluster.Id)!.Code);
        Assert.NotNull((await Admission.DecideAsync(Hello(token), true, null, CancellationToken.None)).Admitted);
        Assert.Null(Watch.Last(_world.Cluster.Id));
    }

    [Fact]
    public async Task Refusal_OfARevokedKey_IsToldOfItsCluster()
    {
        var hello = Hello(await _world.TokenAsync());
        var id = (await Admission.DecideAsync(hello, true, null, CancellationToken.None)).Admitted!.AgentId;
        Assert.True((await _world.Agents.RevokeAsync(_world.Owner, _world.Team.Id, _world.Cluster.Id, id, CancellationToken.None)).IsOk);
        Assert.Equal(RefusalCodes.Revoked, (await Admission.DecideAsync(hello with { Token = null, AgentId = id.ToString() }, true, null, CancellationToken.None)).Refusal);
        Assert.Equal(RefusalCodes.Revoked, Watch.Last(_world.Cluster.Id)!.Code);
    }

    internal static AgentHello Hello(string? token, string uid = "the-uid")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new AgentHello("hello", 1, Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), uid, "v1.32.0", "0.1.0", 1, Token: string.IsNullOrEmpty(token) ? null : token);
    }
}

/// <summary>The world without an agent.</summary>
public sealed class UnconnectedFixture : IAsyncLifetime
{
    public ConnectedCluster World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await ConnectedCluster.StartAsync(connect: false);

    public ValueTask DisposeAsync() => World?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>The same with real agents, which end with a code of their own when they are refused for good.</summary>
public sealed class AgentProcessTests
{
    [Fact]
    public async Task Agent_WithAUsedToken_EndsAndIsNeverRouted()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var token = await world.TokenAsync();
        world.StartAgent(token);
        await Eventually.TrueAsync(() => world.Cache.Connection.Connected, "the first agent is in");
        var first = world.Core.Get<AgentConnections>().Find(world.Cluster.Id)!.AgentId;

        var second = world.StartAgent(token);
        Assert.Equal(AgentHost.Refused, await second.Ended.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Equal(first, world.Core.Get<AgentConnections>().Find(world.Cluster.Id)!.AgentId);
        Assert.Equal(RefusalCodes.TokenUsed, world.Core.Get<EnrolmentWatch>().Last(world.Cluster.Id)!.Code);
    }

    [Fact]
    [PolicyClause("D09")]
    public async Task Revoke_OfAConnectedAgent_CutsItWithin5SecondsAndItStaysOut()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = await world.ConnectAsync();
        var id = world.Core.Get<AgentConnections>().Find(world.Cluster.Id)!.AgentId;
        var done = await world.Agents.RevokeAsync(world.Owner, world.Team.Id, world.Cluster.Id, id, CancellationToken.None);
        Assert.True(done.IsOk, done.Failure?.Code);
        await Eventually.TrueAsync(() => !world.Cache.Connection.Connected, "the tunnel is cut", TimeSpan.FromSeconds(5));
        Assert.Equal(AgentHost.Refused, await agent.Ended.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Equal("not_found", (await world.Agents.RevokeAsync(world.Owner, world.Team.Id, world.Cluster.Id, id, CancellationToken.None)).Failure!.Code);
    }

    [Fact]
    public async Task Revocation_StoredByAnotherReplica_CutsHereAtTheNextSweep()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var id = world.Core.Get<AgentConnections>().Find(world.Cluster.Id)!.AgentId;
        await using (var db = await world.Core.OpenAsync())
        {
            await db.Agents.Where(a => a.Id == id).ExecuteUpdateAsync(s => s.SetProperty(a => a.RevokedAt, world.Clock.GetUtcNow()), TestContext.Current.CancellationToken);
        }

        await world.Core.Get<AgentMaintenance>().RunAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => !world.Cache.Connection.Connected, "the tunnel is cut", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task SecondAgent_OfTheSameCluster_ReplacesTheFirstAtOnce()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var first = world.Core.Get<AgentConnections>().Find(world.Cluster.Id)!.AgentId;
        world.StartAgent(await world.TokenAsync());
        await Eventually.TrueAsync(() => world.Core.Get<AgentConnections>().Find(world.Cluster.Id) is { } c && c.AgentId != first, "the newest holds the cluster");
        await Eventually.TrueAsync(() => world.Cache.Connection.Connected && world.Cache.State("Pod") == RowTableState.Live, "its rows are there");
    }
}
