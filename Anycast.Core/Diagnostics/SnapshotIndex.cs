using k8s;
using k8s.Models;

namespace Anycast.Core.Diagnostics;

/// <summary>Look-ups over a snapshot: events by object, owners, pods by place, workloads and their templates.</summary>
internal sealed class SnapshotIndex
{
    private readonly ClusterSnapshot _snapshot;
    private readonly Dictionary<string, V1ReplicaSet> _replicaSets;
    private readonly Dictionary<string, V1Job> _jobs;
    private readonly Dictionary<string, V1Deployment> _deployments;
    private readonly ILookup<(string Kind, string Uid), Corev1Event> _events;
    private readonly ILookup<string, V1Pod> _podsByNamespace;
    private readonly ILookup<string, V1Pod> _podsByNode;
    private readonly ILookup<string, V1ReplicaSet> _replicaSetsByOwner;

    public SnapshotIndex(ClusterSnapshot snapshot)
    {
        _snapshot = snapshot;
        _replicaSets = ByUid(snapshot.ReplicaSets);
        _jobs = ByUid(snapshot.Jobs);
        _deployments = ByUid(snapshot.Deployments);
        _events = snapshot.Events
            .Where(e => e.InvolvedObject?.Uid is { Length: > 0 })
            .ToLookup(e => (e.InvolvedObject.Kind ?? "", e.InvolvedObject.Uid));
        _podsByNamespace = snapshot.Pods.ToLookup(p => p.Metadata.NamespaceProperty ?? "");
        _podsByNode = (snapshot.PodsEverywhere ?? snapshot.Pods).Where(p => p.Spec?.NodeName is { Length: > 0 }).ToLookup(p => p.Spec.NodeName);
        _replicaSetsByOwner = snapshot.ReplicaSets
            .Where(r => Controller(r) is not null)
            .ToLookup(r => Controller(r)!.Uid ?? "");
        Workloads = [.. Templates(snapshot)];
    }

    /// <summary>Everything that makes pods from a template and keeps them: Deployments, StatefulSets, DaemonSets.</summary>
    public IReadOnlyList<WorkloadTemplate> Workloads { get; }

    /// <summary>Events of one object, matched by kind and UID (a name may have been used before), newest first, within the window.</summary>
    public IEnumerable<Corev1Event> EventsOf(string kind, IMetadata<V1ObjectMeta> item)
    {
        var oldest = _snapshot.TakenAt - DiagnosticsLimits.EventWindow;
        return _events[(kind, item.Metadata?.Uid ?? "")]
            .Where(e => e.LastSeen() is not { } seen || seen >= oldest)
            .OrderByDescending(e => e.LastSeen());
    }

    public IEnumerable<V1Pod> PodsIn(string ns) => _podsByNamespace[ns];

    public IEnumerable<V1Pod> PodsOn(string node) => _podsByNode[node];

    /// <summary>Pods of a namespace that carry every label of the selector.</summary>
    public IEnumerable<V1Pod> PodsMatching(string ns, IDictionary<string, string> selector) =>
        _podsByNamespace[ns].Where(p => Labels.Match(selector, p.Metadata.Labels));

    /// <summary>The object a person would mend: Pod → ReplicaSet → Deployment, Pod → Job → CronJob. Falls back to the nearest known owner.</summary>
    public ObjectRef OwnerOf(V1Pod pod) => Climb(Kinds.Ref(pod), Controller(pod));

    /// <inheritdoc cref="OwnerOf(V1Pod)"/>
    public ObjectRef OwnerOf(string kind, IMetadata<V1ObjectMeta> item) => Climb(Kinds.Ref(kind, item), Controller(item));

    /// <summary>The Deployment that a pod belongs to, if any.</summary>
    public V1Deployment? DeploymentOf(V1Pod pod) =>
        Controller(pod) is { } owner && _replicaSets.TryGetValue(owner.Uid ?? "", out var set) && Controller(set) is { } top
            ? _deployments.GetValueOrDefault(top.Uid ?? "")
            : null;

    /// <summary>The ReplicaSet that made a pod, if any.</summary>
    public V1ReplicaSet? ReplicaSetOf(V1Pod pod) =>
        Controller(pod) is { } owner ? _replicaSets.GetValueOrDefault(owner.Uid ?? "") : null;

    /// <summary>ReplicaSets of a Deployment, newest revision first.</summary>
    public IReadOnlyList<V1ReplicaSet> RevisionsOf(V1Deployment deployment) =>
        [.. _replicaSetsByOwner[deployment.Metadata.Uid ?? ""].OrderByDescending(Revision)];

    /// <summary>Number of a ReplicaSet's revision (annotation <c>deployment.kubernetes.io/revision</c>), 0 when unknown.</summary>
    public static int Revision(V1ReplicaSet set) =>
        set.Metadata.Annotations is { } a && a.TryGetValue("deployment.kubernetes.io/revision", out var text) && int.TryParse(text, out var n) ? n : 0;

    /// <summary>The owner reference that controls an object.</summary>
    public static V1OwnerReference? Controller(IMetadata<V1ObjectMeta> item) =>
        item.Metadata?.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    private ObjectRef Climb(ObjectRef self, V1OwnerReference? owner)
    {
        if (owner is null)
        {
            return self;
        }

        // A pod of a Node (static pod) is mended on the node, not through the API: it stays the subject itself.
        if (owner.Kind == "Node")
        {
            return self;
        }

        var parent = new ObjectRef(Kinds.GroupOf(owner.Kind), owner.Kind, self.Namespace, owner.Name, owner.Uid ?? "");
        return owner.Kind switch
        {
            "ReplicaSet" when _replicaSets.TryGetValue(parent.Uid, out var set) => Climb(parent, Controller(set)),
            "Job" when _jobs.TryGetValue(parent.Uid, out var job) => Climb(parent, Controller(job)),
            _ => parent,
        };
    }

    private static Dictionary<string, T> ByUid<T>(IReadOnlyList<T> items)
        where T : IMetadata<V1ObjectMeta>
    {
        var map = new Dictionary<string, T>(items.Count, StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (item.Metadata?.Uid is { Length: > 0 } uid)
            {
                map[uid] = item;
            }
        }

        return map;
    }

    private static IEnumerable<WorkloadTemplate> Templates(ClusterSnapshot snapshot)
    {
        foreach (var d in snapshot.Deployments)
        {
            yield return new WorkloadTemplate(Kinds.Ref("Deployment", d), d.Spec?.Replicas ?? 1, d.Spec?.Template);
        }

        foreach (var s in snapshot.StatefulSets)
        {
            yield return new WorkloadTemplate(Kinds.Ref("StatefulSet", s), s.Spec?.Replicas ?? 1, s.Spec?.Template);
        }

        foreach (var s in snapshot.DaemonSets)
        {
            yield return new WorkloadTemplate(Kinds.Ref("DaemonSet", s), s.Status?.DesiredNumberScheduled ?? 0, s.Spec?.Template);
        }
    }
}

/// <summary>A workload and the template of its pods.</summary>
internal sealed record WorkloadTemplate(ObjectRef Ref, int Desired, V1PodTemplateSpec? Template)
{
    public IDictionary<string, string> Labels => Template?.Metadata?.Labels ?? new Dictionary<string, string>();

    public IList<V1Container> Containers => Template?.Spec?.Containers ?? [];
}
