using System.Security.Cryptography;
using System.Text.Json;
using Anycast.Agent;
using Anycast.Agent.Connection;
using Anycast.Tunnel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Harness;

/// <summary>
/// Agents of a test's own making: they dial, prove their key, back off and serve as the real one does, with the real one's code, but what they answer
/// is the test's. For fleets, and for agents that should not exist.
/// </summary>
internal sealed class HandmadeAgents : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HandmadeAgents(WebApplication app, IReadOnlyList<HandmadeAgent> agents) => (_app, Agents) = (app, agents);

    public IReadOnlyList<HandmadeAgent> Agents { get; }

    /// <summary>Starts so many agents, which dial until they are let in.</summary>
    /// <param name="about">What each says of itself.</param>
    /// <param name="answer">What they all answer to what the service asks.</param>
    /// <param name="enrolments">For each its key and, when it is enrolled already, its id; a token otherwise.</param>
    public static async Task<HandmadeAgents> StartAsync(Uri server, IReadOnlyList<HandmadeEnrolment> enrolments, Func<int, AgentAbout> about, RequestDelegate answer)
    {
        var agents = new List<HandmadeAgent>();
        foreach (var enrolment in enrolments)
        {
            var state = await AgentState.OpenAsync(enrolment.Store(server), CancellationToken.None);
            agents.Add(new HandmadeAgent(new Dialler(new AgentOptions { Server = server, Token = enrolment.Token, StateDirectory = "nowhere" }, state, about(agents.Count)), state));
        }

        var next = 0;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IConnectionListenerFactory>(new TunnelListenerFactory(() => agents[next++].Listener));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            foreach (var _ in agents)
            {
                kestrel.Listen(new TunnelEndPoint(), listen => listen.Protocols = HttpProtocols.Http2);
            }
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            try
            {
                await answer(context);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                context.Abort();
            }
        });
        await app.StartAsync();
        return new HandmadeAgents(app, agents);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Streams may still be open.
        }

        await _app.DisposeAsync();
        foreach (var agent in Agents)
        {
            agent.Dispose();
        }
    }
}

/// <summary>One agent of <see cref="HandmadeAgents"/>.</summary>
internal sealed class HandmadeAgent : ILogger, IDisposable
{
    private readonly Dialler _dialler;
    private readonly AgentState _state;
    private readonly Lock _lock = new();
    private readonly List<DateTimeOffset> _connected = [];

    public HandmadeAgent(Dialler dialler, AgentState state)
    {
        (_dialler, _state) = (dialler, state);
        Listener = new TunnelListener(dialler, Status, TimeProvider.System, this);
    }

    public AgentStatus Status { get; } = new();

    public TunnelListener Listener { get; }

    /// <summary>When it was let in, each time.</summary>
    public IReadOnlyList<DateTimeOffset> Connected
    {
        get
        {
            lock (_lock)
            {
                return [.. _connected];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (formatter(state, exception).StartsWith("Connected to the service", StringComparison.Ordinal))
        {
            lock (_lock)
            {
                _connected.Add(DateTimeOffset.UtcNow);
            }
        }
    }

    public void Dispose()
    {
        _dialler.Dispose();
        _state.Dispose();
    }
}

/// <summary>A key and what it is enrolled as.</summary>
internal sealed record HandmadeEnrolment(string? AgentId = null, string? Token = null)
{
    private readonly string _pem = NewKey();

    public string PublicKey
    {
        get
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(_pem);
            return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
        }
    }

    public IStateStore Store(Uri server)
    {
        var store = new MemoryStore();
        store.Files["agent-key.pem"] = _pem;
        if (AgentId is not null)
        {
            store.Files["enrolment.json"] = JsonSerializer.Serialize(new { AgentId, Server = server.Authority });
        }

        return store;
    }

    private static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    private sealed class MemoryStore : IStateStore
    {
        public Dictionary<string, string> Files { get; } = [];

        public string Description => "memory";

        public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public string? Read(string file) => Files.GetValueOrDefault(file);

        public Task WriteAsync(string file, string text, CancellationToken cancellationToken)
        {
            Files[file] = text;
            return Task.CompletedTask;
        }
    }
}
