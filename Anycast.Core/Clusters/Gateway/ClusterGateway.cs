using System.Text.Json;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Inventory;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;
using k8s;
using k8s.Models;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>One object as it left the cluster: projected, withheld values as markers.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Json">The whole projected object.</param>
public sealed record ClusterObject(ClusterKind Kind, JsonElement Json);

/// <summary>A cluster's cache together with what the reader may see of it.</summary>
public sealed record ScopedCache(ClusterGrant Grant, ClusterCache Cache)
{
    public ClusterScope Scope => Grant.Scope;

    public RowSlice Query(RowQuery query, int skip, int take) => Cache.Query(Scope, query, skip, take);

    public ResourceRow? Find(string kind, string ns, string name) => Cache.Find(Scope, kind, ns, name);

    public HealthCounts Count(IEnumerable<string> kinds, string? ns = null) => Cache.Count(Scope, kinds, ns);
}

/// <summary>
/// The one way from pages, tools and jobs to a cluster. Each call asks anew what the actor may do; failures come as the named set of
/// <see cref="ClusterFailures"/>, and a cluster of another team as <see cref="Failure.NotFound"/>. What an answer brings is written down
/// before it is handed on (<see cref="DepartureLog"/>).
/// </summary>
public sealed class ClusterGateway(ClusterAccess access, ClusterLinks links, ClusterCaches caches, DepartureLog departures, TimeProvider clock)
{
    private static readonly Actor s_verification = Actor.System("verification");

    /// <summary>The cluster's cache of rows, for lists and live pages.</summary>
    public async Task<Outcome<ScopedCache>> OpenCacheAsync(Actor actor, string team, string cluster, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, cluster, Permission.ClustersView, ct);
        return grant.IsOk ? new ScopedCache(grant.Value, caches.Get(grant.Value.ClusterId)) : grant.Failure;
    }

    /// <inheritdoc cref="OpenCacheAsync(Actor, string, string, CancellationToken)"/>
    public async Task<Outcome<ScopedCache>> OpenCacheAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        return grant.IsOk ? new ScopedCache(grant.Value, caches.Get(grant.Value.ClusterId)) : grant.Failure;
    }

    /// <summary>One object, typed.</summary>
    public async Task<Outcome<T>> ReadAsync<T>(Actor actor, Guid teamId, Guid clusterId, string ns, string name, CancellationToken ct)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        return !open.IsOk ? open.Failure
            : !open.Value.Grant.Scope.Allows(ns) ? ClusterFailures.NotFound
            : await new ClusterReader(open.Value.Link).ReadAsync<T>(ns, name, ct);
    }

    /// <summary>One object of any kind of <see cref="ClusterKinds"/>, as JSON.</summary>
    public async Task<Outcome<ClusterObject>> ReadAsync(Actor actor, Guid teamId, Guid clusterId, string kind, string ns, string name, CancellationToken ct)
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        if (!open.IsOk)
        {
            return open.Failure;
        }

        if (ClusterKinds.Find(kind) is not { } known || !open.Value.Grant.Scope.Allows(ns))
        {
            return ClusterFailures.NotFound;
        }

        var body = await new ClusterReader(open.Value.Link).ReadBytesAsync(known.Path(ns, name), ct);
        if (!body.IsOk)
        {
            return body.Failure;
        }

        try
        {
            using var document = JsonDocument.Parse(body.Value);
            return new ClusterObject(known, document.RootElement.Clone());
        }
        catch (JsonException)
        {
            return ClusterFailures.Broken;
        }
    }

    /// <summary>Objects of one kind, typed and bounded.</summary>
    public async Task<Outcome<ObjectList<T>>> ListAsync<T>(Actor actor, Guid teamId, Guid clusterId, ObjectQuery query, CancellationToken ct)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        if (!open.IsOk)
        {
            return open.Failure;
        }

        var scope = open.Value.Grant.Scope;
        if (query.Namespace is { Length: > 0 } ns && !scope.Allows(ns))
        {
            return new ObjectList<T>([], true);
        }

        var list = await new ClusterReader(open.Value.Link).ListAsync<T>(query, ct);
        return list.IsOk
            ? new ObjectList<T>([.. list.Value.Items.Where(o => scope.Allows(o.Metadata?.NamespaceProperty ?? ""))], list.Value.Complete)
            : list.Failure;
    }

    /// <summary>Events about an object, newest first, from the cache: also what was last known of a cluster that is offline.</summary>
    public async Task<Outcome<EventRow[]>> EventsAsync(Actor actor, Guid teamId, Guid clusterId, string kind, string ns, string name, int limit, CancellationToken ct)
    {
        var open = await OpenCacheAsync(actor, teamId, clusterId, ct);
        if (!open.IsOk)
        {
            return open.Failure;
        }

        var slice = open.Value.Query(RowQuery.Of("Event") with { Sort = RowSort.LastSeen, Namespace = ns.Length == 0 ? null : ns, About = $"{kind}/{name}" }, 0, limit);
        return slice.Items.OfType<EventRow>().ToArray();
    }

    /// <summary>The last lines that a container logged. Only where the customer's opt-in object in the cluster allows it, for as long as it does.</summary>
    public async Task<Outcome<LogText>> LogsAsync(Actor actor, Guid teamId, Guid clusterId, LogQuery query, CancellationToken ct)
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        return !open.IsOk ? open.Failure
            : !open.Value.Grant.Scope.Allows(query.Namespace) ? ClusterFailures.NotFound
            : await new ClusterReader(open.Value.Link).ReadLogsAsync(query, ct);
    }

    /// <summary>What a ConfigMap holds. Only where the customer's opt-in object in the cluster allows it, for as long as it does.</summary>
    public async Task<Outcome<ConfigText>> ConfigDataAsync(Actor actor, Guid teamId, Guid clusterId, ConfigQuery query, CancellationToken ct)
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        return !open.IsOk ? open.Failure
            : !open.Value.Grant.Scope.Allows(query.Namespace) ? ClusterFailures.NotFound
            : await new ClusterReader(open.Value.Link).ReadConfigDataAsync(query, ct);
    }

    /// <summary>Which Secrets and ConfigMaps there are, by name, where the customer keeps an inventory; else <see cref="ClusterInventory.None"/>.</summary>
    public async Task<Outcome<ClusterInventory>> InventoryAsync(Actor actor, Guid teamId, Guid clusterId, string ns, CancellationToken ct)
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        return open.IsOk ? await InventoryReading.RunAsync(new ClusterReader(open.Value.Link), open.Value.Grant.Scope, ns, clock, ct) : open.Failure;
    }

    /// <summary>
    /// All kinds that a diagnosis reads, of one namespace or of the cluster, each bounded by <see cref="ClusterLimits.ObjectsPerList"/>.
    /// Kinds that the cluster refuses are empty and not among the complete ones.
    /// </summary>
    public async Task<Outcome<ClusterObjects>> SnapshotAsync(Actor actor, Guid teamId, Guid clusterId, string? ns, CancellationToken ct)
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        if (!open.IsOk)
        {
            return open.Failure;
        }

        using var reading = new ObjectsReading(new ClusterReader(open.Value.Link), open.Value.Grant.Scope, ns);
        return await reading.RunAsync(clock, ct);
    }

    /// <summary>KubernetesClient itself, for typed calls that have no method here. Reads only: the agent knows no other Objects.</summary>
    public async Task<Outcome<Kubernetes>> OpenClientAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var open = await OpenAsync(actor, teamId, clusterId, ct);
        return open.IsOk ? LinkKubernetes.Create(open.Value.Link) : open.Failure;
    }

    /// <summary>
    /// One operation or its dry run. Only for Proposals, which has asked who may and holds the approval; that it is a person's act is decided there.
    /// </summary>
    internal async Task<Outcome<OperationResult>> ExecuteAsync(Actor actor, ClusterGrant grant, OperationRequest request, CancellationToken ct)
    {
        if (links.Find(grant.ClusterId) is not { } link)
        {
            return ClusterFailures.Offline;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(ClusterLimits.OperationTimeout);
        try
        {
            return await new RecordedLink(link, departures, grant.ClusterId, actor).ExecuteAsync(request, limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ClusterFailures.Timeout;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException or JsonException)
        {
            return ClusterFailures.Offline;
        }
    }

    /// <summary>Reads an object for the service's own check of an execution's effect. The caller holds a row that names the cluster.</summary>
    internal async Task<Outcome<JsonElement>> ReadBackAsync(Guid clusterId, string kind, string ns, string name, CancellationToken ct)
    {
        if (links.Find(clusterId) is not { } link)
        {
            return ClusterFailures.Offline;
        }

        if (ClusterKinds.Find(kind) is not { } known)
        {
            return ClusterFailures.NotFound;
        }

        var body = await new ClusterReader(new RecordedLink(link, departures, clusterId, s_verification)).ReadBytesAsync(known.Path(ns, name), ct);
        if (!body.IsOk)
        {
            return body.Failure;
        }

        try
        {
            using var document = JsonDocument.Parse(body.Value);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return ClusterFailures.Broken;
        }
    }

    private async Task<Outcome<OpenLink>> OpenAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        return !grant.IsOk ? grant.Failure
            : links.Find(clusterId) is { } link ? new OpenLink(grant.Value, new RecordedLink(link, departures, clusterId, actor))
            : ClusterFailures.Offline;
    }

    private sealed record OpenLink(ClusterGrant Grant, IClusterLink Link);
}
