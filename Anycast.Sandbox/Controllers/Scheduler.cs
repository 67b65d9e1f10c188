using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Binds pods to nodes, or says why none fits, in the scheduler's own words.</summary>
internal sealed class Scheduler(ControllerContext context) : IController
{
    private const string Component = "default-scheduler";
    private static readonly TimeSpan _again = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _soon = TimeSpan.FromMilliseconds(20);
    private readonly HashSet<ObjectKey> _pending = [];
    private readonly Lock _gate = new();

    public void Observe(Change change)
    {
        var kind = change.Object.Kind;
        if (kind == BuiltIn.Pod)
        {
            ObservePod(change);
        }
        else if ((kind == BuiltIn.Node && !Parts.IsHeartbeat(change)) || kind == BuiltIn.PersistentVolumeClaim)
        {
            Retry(_soon);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.Pod, key) is not { Deleting: false, Pod: { NodeName.Length: 0, Finished: false } } pod)
        {
            Forget(key);
            return;
        }

        var nodes = context.Store.List(BuiltIn.Node).ToList();
        var used = NodeUsage.Of(context.Store);
        var claims = ClaimsOf(pod);
        var reasons = new List<string>();
        (StoredObject Node, double Score)? best = null;
        foreach (var node in nodes)
        {
            var why = claims ?? NodeFit.Check(pod, node, used.GetValueOrDefault(node.Name));
            if (why is not null)
            {
                reasons.AddRange(why);
            }
            else if (NodeFit.Score(node, used.GetValueOrDefault(node.Name)) is var score && (best is null || score > best.Value.Score))
            {
                best = (node, score);
            }
        }

        if (best is { } chosen)
        {
            Bind(pod, chosen.Node);
        }
        else
        {
            Refuse(pod, nodes.Count, reasons, claims is not null);
        }
    }

    private void ObservePod(Change change)
    {
        var pod = change.Object;
        if (change.Type == ChangeType.Deleted || pod.Pod!.Finished)
        {
            Forget(pod.Key);
            if (pod.Pod!.NodeName.Length > 0)
            {
                Retry(_soon);
            }
        }
        else if (pod.Pod.NodeName.Length == 0)
        {
            lock (_gate)
            {
                _pending.Add(pod.Key);
            }

            if (change.Type == ChangeType.Added)
            {
                context.Queue.Add(this, pod.Key, context.Time.Scaled(0.02));
            }
        }
    }

    private void Retry(TimeSpan delay)
    {
        lock (_gate)
        {
            foreach (var key in _pending)
            {
                context.Queue.Add(this, key, delay);
            }
        }
    }

    private void Forget(ObjectKey key)
    {
        lock (_gate)
        {
            _pending.Remove(key);
        }
    }

    /// <summary>Why the pod's claims keep it from every node; null when they do not.</summary>
    private string[]? ClaimsOf(StoredObject pod)
    {
        foreach (var name in pod.Json.Items("spec", "volumes").Select(v => v.Str("persistentVolumeClaim", "claimName")).Where(n => n.Length > 0))
        {
            if (context.Store.Find(BuiltIn.PersistentVolumeClaim, pod.Namespace, name) is not { } claim)
            {
                return [$"persistentvolumeclaim \"{name}\" not found"];
            }

            if (claim.Json.Str("status", "phase") != "Bound")
            {
                var mode = context.Store.Find(BuiltIn.StorageClass, "", claim.Json.Str("spec", "storageClassName"))?.Json.Str("volumeBindingMode");
                if (mode != "WaitForFirstConsumer")
                {
                    return ["pod has unbound immediate PersistentVolumeClaims"];
                }
            }
        }

        return null;
    }

    private void Bind(StoredObject pod, StoredObject node)
    {
        context.Store.Mutate(
            BuiltIn.Pod,
            pod.Key,
            p =>
            {
                p.Ensure("spec")["nodeName"] = node.Name;
                Parts.SetCondition(p.Ensure("status"), "PodScheduled", "True", "", "", context.Now);
                return true;
            },
            new WriteBy("kube-scheduler", WritePart.Everything));
        Forget(pod.Key);
        context.Events.Normal(pod, "Scheduled", $"Successfully assigned {pod.Namespace}/{pod.Name} to {node.Name}", Component);
    }

    private void Refuse(StoredObject pod, int nodes, List<string> reasons, bool byClaim)
    {
        // Counted and sorted by their text, as FitError prints them.
        var counted = byClaim ? reasons.Distinct() : reasons.GroupBy(r => r).Select(g => $"{g.Count()} {g.Key}").Order(StringComparer.Ordinal);
        var hopeless = byClaim ? nodes : reasons.Count(r => !r.StartsWith("Insufficient", StringComparison.Ordinal) && r != "Too many pods");
        var preemption = new List<string>();
        if (hopeless > 0)
        {
            preemption.Add($"{Math.Min(hopeless, nodes)} Preemption is not helpful for scheduling");
        }

        if (nodes - hopeless > 0)
        {
            preemption.Add($"{nodes - hopeless} No preemption victims found for incoming pod");
        }

        var message = $"0/{nodes} nodes are available: {string.Join(", ", counted)}. preemption: 0/{nodes} nodes are available: {string.Join(", ", preemption.Order(StringComparer.Ordinal))}.";
        context.Store.Mutate(
            BuiltIn.Pod,
            pod.Key,
            p =>
            {
                Parts.SetCondition(p.Ensure("status"), "PodScheduled", "False", "Unschedulable", message, context.Now);
                return true;
            },
            new WriteBy("kube-scheduler", WritePart.Status));
        context.Events.Warning(pod, "FailedScheduling", message, Component);
        context.Queue.Add(this, pod.Key, _again);
    }
}
