using System.Net;
using Anycast.Agent;
using Anycast.Core.Agents;
using Anycast.Core.Agents.Install;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Web.Agents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Clusters;

/// <summary>
/// A team with a cluster: Core on a real database, the real end point on Kestrel, a real sandbox, and the real agent over a real WebSocket.
/// </summary>
public sealed class ConnectedCluster : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly TempDirectory _directory = new();
    private readonly List<RunningAgent> _agents = [];

    private ConnectedCluster(CoreHost core, ShiftedClock clock, SandboxCluster sandbox, WebApplication web, Actor owner, TeamSummary team, Cluster cluster)
    {
        (Core, Clock, Sandbox, _web, Owner, Team, Cluster) = (core, clock, sandbox, web, owner, team, cluster);
        Address = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public CoreHost Core { get; }

    public ShiftedClock Clock { get; }

    public SandboxCluster Sandbox { get; }

    /// <summary>Where the agents' end point is.</summary>
    public Uri Address { get; }

    public Actor Owner { get; }

    public TeamSummary Team { get; }

    public Cluster Cluster { get; }

    public ClusterGateway Gateway => Core.Get<ClusterGateway>();

    public AgentService Agents => Core.Get<AgentService>();

    public ProposalService Proposals => Core.Get<ProposalService>();

    public ProposalApproval Approval => Core.Get<ProposalApproval>();

    public ClusterCache Cache => Core.Get<ClusterCaches>().Get(Cluster.Id);

    /// <summary>Starts all of it; with <paramref name="connect"/> the agent is enrolled and its rows are there.</summary>
    public static async Task<ConnectedCluster> StartAsync(bool connect = true, ClusterAccessKind access = ClusterAccessKind.Propose, double speed = 1, Action<IServiceCollection, IConfiguration>? more = null)
    {
        var clock = new ShiftedClock();
        var core = await CoreHost.StartAsync(TestProvider.Sqlite, (services, configuration) =>
        {
            services.AddSingleton<TimeProvider>(clock).AddClusters().AddAgents(configuration).AddProposals();
            more?.Invoke(services, configuration);
        });
        var web = await ServeAsync(core);
        var sandbox = await SandboxCluster.StartAsync(new SandboxOptions { Speed = speed });
        var owner = await core.ActorAsync();
        var team = (await core.Get<TeamService>().CreateAsync(owner, "Shop team", CancellationToken.None)).Value!;
        var cluster = (await core.Get<ClusterService>().CreateAsync(owner, team.Slug, "Production", access, CancellationToken.None)).Value!;
        var connected = new ConnectedCluster(core, clock, sandbox, web, owner, team, cluster);
        if (connect)
        {
            await connected.ConnectAsync();
        }

        return connected;
    }

    /// <summary>Enrols an agent and waits for its rows.</summary>
    public async Task<RunningAgent> ConnectAsync()
    {
        var agent = StartAgent(await TokenAsync());
        try
        {
            await Eventually.TrueAsync(() => Cache.Connection.Connected && Cache.State(ClusterKinds.WithRows) == RowTableState.Live, "the agent is connected and its rows are there", TimeSpan.FromSeconds(40));
        }
        catch (TimeoutException e)
        {
            var states = string.Join(", ", ClusterKinds.WithRows.Select(k => $"{k} {Cache.State(k)}"));
            throw new TimeoutException($"{e.Message}\nconnected: {Cache.Connection.Connected}; {states}\nagent: {agent.Log}", e);
        }

        return agent;
    }

    public async Task<string> TokenAsync() => (await Agents.CreateTokenAsync(Owner, Team.Id, Cluster.Id, CancellationToken.None)).Value!.Text;

    /// <summary>Starts an agent with a directory of its own, or with that of another.</summary>
    public RunningAgent StartAgent(string? token, string? state = null, SandboxCluster? sandbox = null)
    {
        var directory = state ?? Path.Combine(_directory.Path, Guid.NewGuid().ToString("N"));
        var agent = new RunningAgent(
            new AgentOptions { Server = Address, Token = token, StateDirectory = directory, KubeconfigText = (sandbox ?? Sandbox).Kubeconfig(agent: true) });
        _agents.Add(agent);
        return agent;
    }

    /// <summary>Waits for a row to fit.</summary>
    public Task RowAsync<T>(string kind, string ns, string name, Func<T, bool> fits, string what, TimeSpan? within = null)
        where T : Anycast.Tunnel.Rows.ResourceRow =>
        Eventually.TrueAsync(() => Cache.Find(ClusterScope.All, kind, ns, name) is T row && fits(row), what, within);

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        await _web.DisposeAsync();
        await Sandbox.DisposeAsync();
        await Core.DisposeAsync();
        _directory.Dispose();
    }

    private static async Task<WebApplication> ServeAsync(CoreHost core)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(core.Get<AgentReception>()).AddSingleton(core.Get<InstallService>());
        var web = builder.Build();
        web.MapAgents();
        await web.StartAsync();
        return web;
    }
}

/// <summary>An agent in this process.</summary>
public sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly LogLines _lines = new();
    private readonly ILoggerFactory _loggers;

    public RunningAgent(AgentOptions options)
    {
        State = options.StateDirectory;
        _loggers = LoggerFactory.Create(l => l.AddProvider(_lines).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning));
        Ended = Task.Run(() => AgentHost.RunAsync(options, _loggers, _stop.Token));
    }

    /// <summary>What the agent logged, for messages of failed tests.</summary>
    public string Log => _lines.ToString();

    public string State { get; }

    /// <summary>Completes with the agent's exit code.</summary>
    public Task<int> Ended { get; }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Ended;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _loggers.Dispose();
    }
}

/// <summary>A class fixture: one connected cluster that the tests of a class only read.</summary>
public sealed class ConnectedClusterFixture : IAsyncLifetime
{
    public ConnectedCluster World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await ConnectedCluster.StartAsync();

    public ValueTask DisposeAsync() => World?.DisposeAsync() ?? ValueTask.CompletedTask;
}
