using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>DaemonSets: one pod on each node that takes it (pkg/controller/daemon).</summary>
internal sealed class DaemonSetController(ControllerContext context) : IController
{
    private const string Component = "daemonset-controller";

    private static readonly (string Key, string Effect)[] _tolerated =
    [
        ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"), ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"), ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];

    public void Observe(Change change)
    {
        var kind = change.Object.Kind;
        if (kind == BuiltIn.DaemonSet)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (kind == BuiltIn.Pod && Parts.OwnerKey(change.Object, BuiltIn.DaemonSet) is { } owner)
        {
            context.Queue.Add(this, owner, Parts.Together);
        }
        else if (kind == BuiltIn.Node && !Parts.IsHeartbeat(change))
        {
            foreach (var set in context.Store.List(BuiltIn.DaemonSet))
            {
                context.Queue.Add(this, set.Key);
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.DaemonSet, key) is not { } set)
        {
            return;
        }

        var hash = Revisions.Current(context, set);
        var probe = Probe(set);
        var nodes = context.Store.List(BuiltIn.Node).Where(n => NodeFit.Check(probe, n, default) is null).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        var pods = context.Store.ControlledBy(set.Uid, BuiltIn.Pod).Where(p => !p.Deleting).ToList();
        if (!set.Deleting)
        {
            Adjust(set, nodes, pods, hash);
        }

        pods = [.. context.Store.ControlledBy(set.Uid, BuiltIn.Pod).Where(p => !p.Deleting)];
        context.Store.Mutate(BuiltIn.DaemonSet, key, s => Count(s, nodes, pods, hash), Parts.Status);
    }

    private void Adjust(StoredObject set, HashSet<string> nodes, List<StoredObject> pods, string hash)
    {
        foreach (var pod in pods.Where(p => p.Pod!.Finished || !nodes.Contains(Target(p))))
        {
            Delete(set, pod);
        }

        var held = context.Store.ControlledBy(set.Uid, BuiltIn.Pod).Select(Target).ToHashSet(StringComparer.Ordinal);
        foreach (var node in nodes.Where(n => !held.Contains(n)))
        {
            Create(set, node, hash);
        }

        if (set.Json.Str("spec", "updateStrategy", "type") != "RollingUpdate")
        {
            return;
        }

        var budget = Math.Max(1, Parts.Scaled(set.Json.At("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), nodes.Count, roundUp: true));
        var down = nodes.Count - pods.Count(p => p.Pod!.Ready);
        foreach (var pod in pods.Where(p => p.Labels.GetValueOrDefault(Revisions.HashKey) != hash).OrderBy(p => p.Pod!.Ready))
        {
            // What does not work may be replaced at any time; what works only within the budget.
            if (!pod.Pod!.Ready || down < budget)
            {
                down += pod.Pod.Ready ? 1 : 0;
                Delete(set, pod);
            }
        }
    }

    private void Create(StoredObject set, string node, string hash)
    {
        var pod = WithTolerations(Parts.PodFromTemplate(set.Json.Obj("spec", "template"), set, set.Name + "-"));
        var labels = pod.Ensure("metadata", "labels");
        labels[Revisions.HashKey] = hash;
        labels["pod-template-generation"] = Json.Text(set.Json.At("metadata", "generation"));
        pod.Ensure("spec", "affinity", "nodeAffinity")["requiredDuringSchedulingIgnoredDuringExecution"] = new JsonObject
        {
            ["nodeSelectorTerms"] = new JsonArray(new JsonObject
            {
                ["matchFields"] = new JsonArray(new JsonObject { ["key"] = "metadata.name", ["operator"] = "In", ["values"] = new JsonArray(node) }),
            }),
        };
        try
        {
            var made = context.Writer.Create(BuiltIn.Pod, set.Namespace, pod, Parts.Main);
            context.Events.Normal(set, "SuccessfulCreate", $"Created pod: {made.Name}", Component);
        }
        catch (ApiException refusal)
        {
            context.Events.Warning(set, "FailedCreate", $"Error creating: {refusal.Message}", Component);
            context.Queue.Add(this, set.Key, TimeSpan.FromSeconds(30));
        }
    }

    private void Delete(StoredObject set, StoredObject pod)
    {
        context.Writer.Delete(BuiltIn.Pod, pod.Key, new DeleteOptions());
        context.Events.Normal(set, "SuccessfulDelete", $"Deleted pod: {pod.Name}", Component);
    }

    private static bool Count(JsonObject s, HashSet<string> nodes, List<StoredObject> pods, string hash)
    {
        var status = s.Ensure("status");
        var ready = pods.Count(p => p.Pod!.Ready);
        status["currentNumberScheduled"] = pods.Count(p => p.Pod!.NodeName.Length > 0);
        status["numberMisscheduled"] = 0;
        status["desiredNumberScheduled"] = nodes.Count;
        status["numberReady"] = ready;
        status["observedGeneration"] = s.Number("metadata", "generation");
        status["updatedNumberScheduled"] = pods.Count(p => p.Labels.GetValueOrDefault(Revisions.HashKey) == hash);
        status["numberAvailable"] = ready;
        if (ready < nodes.Count)
        {
            status["numberUnavailable"] = nodes.Count - ready;
        }
        else
        {
            status.Remove("numberUnavailable");
        }

        return true;
    }

    private static string Target(StoredObject pod) =>
        pod.Pod!.NodeName is { Length: > 0 } node ? node
        : pod.Json.Items("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
            .SelectMany(t => t.Items("matchFields")).SelectMany(f => f.Strings("values")).FirstOrDefault() ?? "";

    private static JsonObject WithTolerations(JsonObject pod)
    {
        var tolerations = pod.Ensure("spec").EnsureArray("tolerations");
        foreach (var (key, effect) in _tolerated)
        {
            tolerations.Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = effect });
        }

        return pod;
    }

    /// <summary>A pod of the template as the scheduler would see it, to ask which nodes take it. Its requests count for nothing here.</summary>
    private static StoredObject Probe(StoredObject set)
    {
        var pod = WithTolerations(Parts.PodFromTemplate(set.Json.Obj("spec", "template"), set, set.Name + "-"));
        return new StoredObject
        {
            Kind = BuiltIn.Pod,
            Key = new ObjectKey(set.Namespace, set.Name),
            Uid = "",
            ResourceVersion = 0,
            Utf8 = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = pod.Obj("spec").Clone() }),
            Labels = set.Labels,
            HasOwners = false,
            Deleting = false,
            Created = set.Created,
            Pod = new PodFacts("", "Pending", false, 0, 0),
        };
    }
}
