using System.Globalization;
using Anycast.Core.Clusters.Cache;
using Anycast.Tunnel.Rows;
using static Anycast.Web.Clusters.RowCell;

namespace Anycast.Web.Clusters;

/// <summary>One of a cluster's lists: which kinds it shows and in which columns.</summary>
/// <param name="Segment">Last segment of its address.</param>
/// <param name="Kinds">Kinds in it.</param>
/// <param name="Sort">Sorted by, to begin with.</param>
/// <param name="Descending">Largest first, to begin with.</param>
/// <param name="Columns">Its columns.</param>
public sealed record RowList(string Segment, IReadOnlyList<string> Kinds, string Sort, bool Descending, IReadOnlyList<RowColumn> Columns)
{
    public bool Namespaced => Segment != "nodes";
}

/// <summary>The lists of a cluster.</summary>
public static class RowLists
{
    private static readonly RowColumn s_name = new("Name", RowSort.Name, OfName);
    private static readonly RowColumn s_kind = new("Kind", RowSort.Kind, r => OfText(r.Kind));
    private static readonly RowColumn s_namespace = new("Namespace", RowSort.Namespace, r => OfMono(r.Namespace));
    private static readonly RowColumn s_status = new("Status", RowSort.Health, OfStatus);
    private static readonly RowColumn s_age = new("Age", RowSort.Age, r => OfSince(r.CreatedTicks));

    public static readonly IReadOnlyList<RowList> All =
    [
        new("workloads", ["Deployment", "StatefulSet", "DaemonSet"], RowSort.Health, true,
        [
            s_name, s_kind, s_namespace, s_status,
            Column<WorkloadRow>("Ready", RowSort.Ready, w => OfText($"{w.Ready}/{w.Desired}")),
            Column<WorkloadRow>("UpToDate", null, w => OfNumber(w.Updated)),
            Column<WorkloadRow>("Image", null, w => OfMono(w.Image)),
            s_age,
        ]),
        new("pods", ["Pod"], RowSort.Health, true,
        [
            s_name, s_namespace, s_status,
            Column<PodRow>("Ready", RowSort.Ready, p => OfText($"{p.ReadyContainers}/{p.Containers}")),
            Column<PodRow>("Restarts", RowSort.Restarts, p => OfNumber(p.Restarts)),
            Column<PodRow>("Node", RowSort.Node, p => OfObject("Node", "", p.Node)),
            s_age,
        ]),
        new("nodes", ["Node"], RowSort.Health, true,
        [
            s_name, s_status,
            Column<NodeRow>("Pressure", null, n => OfText(n.Pressures)),
            Column<NodeRow>("Roles", null, n => OfText(n.Roles)),
            Column<NodeRow>("Cpu", null, n => OfText(Cores(n.AllocatableCpuMillis))),
            Column<NodeRow>("Memory", null, n => OfText(Bytes(n.AllocatableMemoryBytes))),
            Column<NodeRow>("PodLimit", null, n => OfNumber(n.AllocatablePods)),
            Column<NodeRow>("Version", null, n => OfText(n.Version)),
            s_age,
        ]),
        new("network", ["Service", "Ingress"], RowSort.Health, true,
        [
            s_name, s_kind, s_namespace, s_status,
            new("Address", null, r => r switch
            {
                ServiceRow service => OfMono($"{service.Type} {service.ClusterIp}".Trim()),
                IngressRow ingress => OfMono(ingress.Hosts),
                _ => default,
            }),
            new("Ports", null, r => r switch
            {
                ServiceRow service => OfMono(service.Ports),
                IngressRow ingress => OfMono(ingress.Backends),
                _ => default,
            }),
            s_age,
        ]),
        new("storage", ["PersistentVolumeClaim"], RowSort.Health, true,
        [
            s_name, s_namespace, s_status,
            Column<ClaimRow>("StorageClass", null, c => OfMono(c.StorageClass)),
            Column<ClaimRow>("Volume", null, c => OfMono(c.Volume)),
            Column<ClaimRow>("Size", RowSort.Size, c => OfText(Bytes(c.RequestedBytes))),
            s_age,
        ]),
        new("jobs", ["Job", "CronJob"], RowSort.Health, true,
        [
            s_name, s_kind, s_namespace, s_status,
            Column<JobRow>("Schedule", null, j => OfMono(j.Schedule)),
            Column<JobRow>("Runs", null, j => OfText(j.Kind == "Job" ? $"{j.Succeeded} / {j.Failed}" : "")),
            Column<JobRow>("LastRun", RowSort.LastSeen, j => OfSince(j.LastRunTicks)),
            s_age,
        ]),
        new("events", ["Event"], RowSort.LastSeen, true,
        [
            new("Reason", RowSort.Status, r => r is EventRow e ? e.Type == "Warning" ? new RowCell(CellKind.Status, e.Reason, Health: Health.Warning) : OfText(e.Reason) : default),
            new("Object", null, r => r is EventRow e ? OfObject(e.ObjectKind, e.Namespace, e.ObjectName) : default),
            Column<EventRow>("Message", null, e => OfText(e.Message)),
            s_namespace,
            Column<EventRow>("Count", RowSort.Count, e => OfNumber(e.Count)),
            Column<EventRow>("LastSeen", RowSort.LastSeen, e => OfSince(e.LastSeenTicks)),
        ]),
    ];

    public static RowList? Find(string segment) => All.FirstOrDefault(l => l.Segment == segment);

    /// <summary>Millicores as cores.</summary>
    public static string Cores(long millis) => millis == 0 ? "" : (millis / 1000.0).ToString("0.##", CultureInfo.CurrentCulture);

    /// <summary>Bytes in binary units, as Kubernetes writes them.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        0 => "",
        < 1L << 20 => (bytes / 1024.0).ToString("0.#", CultureInfo.CurrentCulture) + " KiB",
        < 1L << 30 => (bytes / (double)(1L << 20)).ToString("0.#", CultureInfo.CurrentCulture) + " MiB",
        < 1L << 40 => (bytes / (double)(1L << 30)).ToString("0.#", CultureInfo.CurrentCulture) + " GiB",
        _ => (bytes / (double)(1L << 40)).ToString("0.#", CultureInfo.CurrentCulture) + " TiB",
    };

    private static RowColumn Column<T>(string key, string? sort, Func<T, RowCell> cell)
        where T : ResourceRow => new(key, sort, r => r is T row ? cell(row) : default);
}
