using System.Text;
using Anycast.Sandbox.Access;
using Anycast.Sandbox.Admission;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox;

/// <summary>A running sandbox: an in-memory Kubernetes API server over HTTPS with controllers that behave like the real ones.</summary>
public sealed class SandboxCluster : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping;
    private readonly Certificates _certificates;
    private readonly ApiHost _host;
    private readonly ControllerLoop? _controllers;
    private readonly CanaryMint _canaries;
    private readonly Tokens _tokens;

    private SandboxCluster(Parts parts, ApiHost host)
    {
        (_stopping, _certificates, _controllers, _canaries, _tokens) = (parts.Stopping, parts.Certificates, parts.Controllers, parts.Canaries, parts.Tokens);
        _host = host;
        Store = new SandboxStore(parts.Store);
        Requests = parts.Requests;
        Faults = parts.Faults;
    }

    /// <summary>Where the API is served.</summary>
    public Uri Address => _host.Address;

    /// <summary>The certificate authority to trust, in PEM.</summary>
    public string CaCertificatePem => _certificates.AuthorityPem;

    /// <summary>Bearer token of a person with all rights.</summary>
    public string AdminToken => _tokens.Admin;

    /// <summary>Bearer token of the service account <c>anycast-system/cluster-agent</c>.</summary>
    public string AgentToken => _tokens.Agent;

    /// <summary>Every canary value planted so far, in each form in which it stands somewhere.</summary>
    public IReadOnlyCollection<string> Canaries => _canaries.Planted;

    /// <summary>The requests that arrived.</summary>
    public RequestRecorder Requests { get; }

    /// <summary>Switches that make the server misbehave.</summary>
    public FaultSwitches Faults { get; }

    /// <summary>The objects, directly.</summary>
    public SandboxStore Store { get; }

    /// <summary>Failures inside the controllers, which are bugs of the sandbox; empty when all is well.</summary>
    public IReadOnlyCollection<string> ControllerErrors => _controllers?.Errors ?? [];

    /// <summary>Starts a sandbox; it answers when this returns.</summary>
    public static async Task<SandboxCluster> StartAsync(SandboxOptions options, CancellationToken ct = default)
    {
        var clock = options.Clock ?? TimeProvider.System;
        var time = new SimulatedTime(clock, options.Speed);
        var kinds = new KindTable();
        var store = new ObjectStore(kinds, () => time.Now);
        var canaries = new CanaryMint(options.Seed);
        var writer = new ResourceWriter(store, new AdmissionChain(store, options.Uid ?? ClusterIdentity.Load(options.DataDirectory)));
        var controllers = options.Controllers ? ControllerLoop.Create(writer, time, canaries) : null;
        Timeline.Play(writer, controllers, time, canaries, options);

        var authorizer = new RbacAuthorizer(store);
        var parts = new Parts(
            new CancellationTokenSource(), store, TokenFile.Load(options.DataDirectory), canaries, new RequestRecorder(), new FaultSwitches(store), controllers,
            Certificates.Create(clock.GetUtcNow(), options.DataDirectory));
        var lists = new ListHandler(store);
        var writes = new WriteHandler(writer);
        var handler = new ApiHandler(
            kinds, parts.Tokens, authorizer, new AccessReviews(authorizer), parts.Requests, parts.Faults, lists,
            new WatchHandler(store, clock, options.BookmarkEvery), writes, new SubresourceHandler(writer, writes, lists, canaries, parts.Tokens, clock), clock, parts.Stopping.Token);
        try
        {
            var host = await ApiHost.StartAsync(options.Port, parts.Certificates, handler.HandleAsync, ct);
            controllers?.Start();
            var cluster = new SandboxCluster(parts, host);
            cluster.Keep(options.DataDirectory);
            return cluster;
        }
        catch
        {
            parts.Certificates.Dispose();
            parts.Stopping.Dispose();
            throw;
        }
    }

    /// <summary>A kubeconfig for the person with all rights, or for the agent's service account.</summary>
    public string Kubeconfig(bool agent = false) => agent
        ? Sandbox.Kubeconfig.Text(Address, CaCertificatePem, "cluster-agent", AgentToken)
        : Sandbox.Kubeconfig.Text(Address, CaCertificatePem, "sandbox-admin", AdminToken);

    /// <summary>Adds a user with a token of its own, whose rights the RBAC objects decide.</summary>
    public string AddUser(string name, params string[] groups) => _tokens.Add(Identity.Named(name, groups));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Faults.Clear();
        if (_controllers is not null)
        {
            await _controllers.DisposeAsync();
        }

        await _host.DisposeAsync();
        _certificates.Dispose();
        _stopping.Dispose();
    }

    private void Keep(string? directory)
    {
        if (directory is not null)
        {
            PrivateFile.Write(Path.Combine(directory, "kubeconfig"), Encoding.UTF8.GetBytes(Kubeconfig()));
        }
    }

    private sealed record Parts(
        CancellationTokenSource Stopping, ObjectStore Store, Tokens Tokens, CanaryMint Canaries, RequestRecorder Requests, FaultSwitches Faults,
        ControllerLoop? Controllers, Certificates Certificates);
}
