using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Common.Tools;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters;

/// <summary>Arguments of <see cref="ListResourcesTool"/>.</summary>
[Description("Which resources to list.")]
public sealed record ListResourcesArguments(
    [property: Description("Kubernetes kind: Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Service, Ingress, PersistentVolumeClaim, Node, Namespace or Event.")] string Kind,
    [property: Description("Only this namespace; leave out for all.")] string? Namespace = null,
    [property: Description("Part of a name, status, node, image or owner.")] string? Search = null,
    [property: Description("True: only what is failing or in part.")] bool UnhealthyOnly = false,
    [property: Description("How many at most, 1 to 100.")] int Limit = 50);

/// <summary>Arguments of the tools that read one object.</summary>
[Description("Which object to read.")]
public sealed record ObjectArguments(
    [property: Description("Kubernetes kind, for instance Deployment.")] string Kind,
    [property: Description("Name of the object.")] string Name,
    [property: Description("Its namespace; leave out for cluster-scoped kinds such as Node.")] string? Namespace = null);

/// <summary>Lists resources from the cluster's live cache: costs the cluster nothing.</summary>
public sealed class ListResourcesTool(ClusterGateway gateway) : Tool<ListResourcesArguments>
{
    private const int MaxItems = 100;

    public override string Name => "list_resources";

    public override string Description => "Lists resources of one kind with status and health, worst first. Live, cheap; use it to get an overview or to find names.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, ListResourcesArguments arguments, CancellationToken ct)
    {
        if (context.ClusterId is not { } clusterId)
        {
            return ClusterToolResults.NoCluster;
        }

        if (!ClusterKinds.Listed.Contains(arguments.Kind) || arguments.Namespace is { } given && !KubernetesNames.IsNamespace(given) || arguments.Search?.Length > 253)
        {
            return ToolResult.Fail("tool.arguments", $"Kinds that can be listed: {string.Join(", ", ClusterKinds.Listed)}. A namespace is a lower-case name.");
        }

        var open = await gateway.OpenCacheAsync(context.Actor, context.TeamId, clusterId, ct);
        if (!open.IsOk)
        {
            return ToolResult.Fail(open.Failure);
        }

        var state = open.Value.Cache.State(arguments.Kind);
        var query = RowQuery.Of(arguments.Kind) with
        {
            Namespace = arguments.Namespace,
            Search = arguments.Search,
            Sort = arguments.Kind == "Event" ? RowSort.LastSeen : RowSort.Health,
        };
        var limit = Math.Clamp(arguments.Limit, 1, MaxItems);
        var slice = open.Value.Query(query, 0, arguments.UnhealthyOnly ? ClusterLimits.RowsPerQuery : limit);
        var rows = slice.Items.Where(r => !arguments.UnhealthyOnly || r.Health is Health.Failing or Health.Warning).Take(limit).ToList();
        var output = new
        {
            kind = arguments.Kind,
            shown = rows.Count,
            total = arguments.UnhealthyOnly ? (int?)null : slice.Total,
            note = ClusterToolResults.Note(open.Value.Cache, state),
            items = rows.Select(ClusterToolResults.Row).ToList(),
        };
        var read = $"{arguments.Kind} · {arguments.Namespace ?? "*"} · {rows.Count.ToString(CultureInfo.InvariantCulture)}";
        return new ToolResult(JsonSerializer.SerializeToElement(output, ToolJson.Options), Read: read);
    }
}

/// <summary>Reads one object.</summary>
public sealed class GetResourceTool(ClusterGateway gateway) : Tool<ObjectArguments>
{
    public override string Name => "get_resource";

    public override string Description => "Reads one object as the cluster lets it out: specification and status, with withheld values marked.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, ObjectArguments arguments, CancellationToken ct)
    {
        if (ClusterToolResults.Check(context, arguments) is { } wrong)
        {
            return wrong;
        }

        var found = await gateway.ReadAsync(context.Actor, context.TeamId, context.ClusterId!.Value, arguments.Kind, arguments.Namespace ?? "", arguments.Name, ct);
        return found.IsOk
            ? new ToolResult(found.Value.Json, Read: ClusterToolResults.Name(arguments))
            : ToolResult.Fail(found.Failure);
    }
}

/// <summary>Reads one object together with its newest events and, for a workload, its pods.</summary>
public sealed class DescribeTool(ClusterGateway gateway) : Tool<ObjectArguments>
{
    private const int MaxEvents = 20;
    private const int MaxPods = 10;

    public override string Name => "describe_with_events";

    public override string Description => "Reads one object with its newest events; for a workload also its pods and their events. Like kubectl describe.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, ObjectArguments arguments, CancellationToken ct)
    {
        if (ClusterToolResults.Check(context, arguments) is { } wrong)
        {
            return wrong;
        }

        var clusterId = context.ClusterId!.Value;
        var ns = arguments.Namespace ?? "";
        var found = await gateway.ReadAsync(context.Actor, context.TeamId, clusterId, arguments.Kind, ns, arguments.Name, ct);
        if (!found.IsOk)
        {
            return ToolResult.Fail(found.Failure);
        }

        var events = await EventsAsync(context, clusterId, arguments.Kind, ns, arguments.Name, ct);
        var pods = ClusterKinds.Workloads.Contains(arguments.Kind) ? await PodsAsync(context, clusterId, arguments, ct) : [];
        var podEvents = new List<EventRow>();
        foreach (var pod in pods.Take(3))
        {
            podEvents.AddRange(await EventsAsync(context, clusterId, "Pod", ns, pod.Name, ct));
        }

        var output = new
        {
            @object = found.Value.Json,
            events = events.Concat(podEvents).OrderByDescending(e => e.LastSeenTicks).Take(MaxEvents).Select(ClusterToolResults.Row).ToList(),
            pods = pods.Select(ClusterToolResults.Row).ToList(),
        };
        return new ToolResult(
            JsonSerializer.SerializeToElement(output, ToolJson.Options),
            Read: $"{ClusterToolResults.Name(arguments)} · Event {output.events.Count.ToString(CultureInfo.InvariantCulture)} · Pod {pods.Count.ToString(CultureInfo.InvariantCulture)}");
    }

    private async Task<IReadOnlyList<EventRow>> EventsAsync(ToolContext context, Guid clusterId, string kind, string ns, string name, CancellationToken ct)
    {
        var events = await gateway.EventsAsync(context.Actor, context.TeamId, clusterId, kind, ns, name, MaxEvents, ct);
        return events.IsOk ? events.Value : [];
    }

    /// <summary>Pods of a workload, the worst first; those of a Deployment hang on its ReplicaSets.</summary>
    private async Task<IReadOnlyList<ResourceRow>> PodsAsync(ToolContext context, Guid clusterId, ObjectArguments arguments, CancellationToken ct)
    {
        var open = await gateway.OpenCacheAsync(context.Actor, context.TeamId, clusterId, ct);
        if (!open.IsOk)
        {
            return [];
        }

        var ns = arguments.Namespace;
        var owners = arguments.Kind == "Deployment"
            ? open.Value.Query(RowQuery.Of("ReplicaSet") with { Namespace = ns, Owner = $"Deployment/{arguments.Name}" }, 0, 20).Items.Select(r => $"ReplicaSet/{r.Name}").ToList()
            : [$"{arguments.Kind}/{arguments.Name}"];
        return [.. owners
            .SelectMany(o => open.Value.Query(RowQuery.Of("Pod") with { Namespace = ns, Owner = o }, 0, MaxPods).Items)
            .OrderByDescending(r => r.Health)
            .Take(MaxPods)];
    }
}

/// <summary>What the tools of this feature share.</summary>
internal static class ClusterToolResults
{
    public static readonly ToolResult NoCluster = ToolResult.Fail("cluster.none_chosen", "No cluster is chosen in this conversation. Ask the person to choose one.");

    /// <summary>Names are checked before anything is built from them (threat T6).</summary>
    public static ToolResult? Check(ToolContext context, ObjectArguments arguments) =>
        context.ClusterId is null ? NoCluster
        : ClusterKinds.Find(arguments.Kind) is not { } kind ? ToolResult.Fail("tool.arguments", $"Known kinds: {string.Join(", ", ClusterKinds.All.Select(k => k.Kind))}.")
        : !KubernetesNames.IsName(arguments.Name) || kind.Namespaced != KubernetesNames.IsNamespace(arguments.Namespace) ? ToolResult.Fail("tool.arguments", "A name and, for a namespaced kind, a namespace are needed.")
        : null;

    public static string Name(ObjectArguments arguments) =>
        arguments.Namespace is null ? $"{arguments.Kind} {arguments.Name}" : $"{arguments.Kind} {arguments.Namespace}/{arguments.Name}";

    /// <summary>What the reader must know of how fresh or whole a list is.</summary>
    public static string? Note(ClusterCache cache, RowTableState state) =>
        !cache.Connection.Connected ? $"The cluster is offline{(cache.Connection.Since is { } s ? $" since {s:u}" : "")}; this is what was last known."
        : state == RowTableState.Silent ? $"The cluster's API server does not answer its agent{(cache.Connection.SilentSince is { } silent ? $" since {silent:u}" : "")}; this is what was last known."
        : state == RowTableState.Refused ? "The cluster does not let this kind be read."
        : state == RowTableState.Loading ? "Still loading; the list may not be whole."
        : null;

    /// <summary>A row in the fields that say something.</summary>
    public static object Row(ResourceRow row) => row switch
    {
        PodRow p => new { p.Namespace, p.Name, p.Status, Health = p.Health.ToString(), Ready = $"{p.ReadyContainers}/{p.Containers}", p.Restarts, p.Node, p.Image, Owner = Owner(p) },
        WorkloadRow w => new { w.Namespace, w.Name, w.Status, Health = w.Health.ToString(), Ready = $"{w.Ready}/{w.Desired}", w.Updated, w.Image },
        NodeRow n => new { n.Name, n.Status, Health = n.Health.ToString(), n.Roles, n.Version, n.Pressures, Cordoned = n.Unschedulable },
        JobRow j => new { j.Namespace, j.Name, j.Status, Health = j.Health.ToString(), j.Active, j.Succeeded, j.Failed, j.Schedule, j.Suspended },
        ServiceRow s => new { s.Namespace, s.Name, s.Type, s.ClusterIp, s.Ports, s.Status, Health = s.Health.ToString() },
        IngressRow i => new { i.Namespace, i.Name, i.Class, i.Hosts, i.Backends, i.Status, Health = i.Health.ToString() },
        ClaimRow c => new { c.Namespace, c.Name, c.Status, Health = c.Health.ToString(), c.StorageClass, c.Volume, c.RequestedBytes },
        EventRow e => new { e.Namespace, About = $"{e.ObjectKind}/{e.ObjectName}", e.Type, e.Reason, e.Message, e.Count, LastSeen = At(e.LastSeenTicks) },
        _ => new { row.Namespace, row.Name, row.Status, Health = row.Health.ToString() },
    };

    private static string? Owner(ResourceRow row) => row.OwnerKind.Length == 0 ? null : $"{row.OwnerKind}/{row.OwnerName}";

    private static string? At(long ticks) => ticks <= 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero).ToString("u", CultureInfo.InvariantCulture);
}
