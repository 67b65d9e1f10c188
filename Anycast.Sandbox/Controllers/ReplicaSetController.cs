using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>ReplicaSets: as many pods as wanted, and their count (pkg/controller/replicaset).</summary>
internal sealed class ReplicaSetController(ControllerContext context) : IController
{
    private const string Component = "replicaset-controller";
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(30);

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.ReplicaSet)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.Pod && Parts.OwnerKey(change.Object, BuiltIn.ReplicaSet) is { } owner)
        {
            context.Queue.Add(this, owner, Parts.Together);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.ReplicaSet, key) is not { } set)
        {
            return;
        }

        var failure = set.Deleting ? null : Adjust(set);
        var pods = Active(set);
        context.Store.Mutate(BuiltIn.ReplicaSet, key, s => Count(s, pods, failure), Parts.Status);
    }

    private List<StoredObject> Active(StoredObject set) =>
        [.. context.Store.ControlledBy(set.Uid, BuiltIn.Pod).Where(p => !p.Deleting && !p.Pod!.Finished)];

    /// <summary>Creates or deletes pods; the result is why that failed, or null.</summary>
    private string? Adjust(StoredObject set)
    {
        var pods = Active(set);
        var wanted = set.Json.Int("spec", "replicas");
        for (var i = pods.Count; i < wanted; i++)
        {
            try
            {
                var pod = context.Writer.Create(BuiltIn.Pod, set.Namespace, Parts.PodFromTemplate(set.Json.Obj("spec", "template"), set, set.Name + "-"), Parts.Main);
                context.Events.Normal(set, "SuccessfulCreate", $"Created pod: {pod.Name}", Component);
            }
            catch (ApiException refusal)
            {
                context.Events.Warning(set, "FailedCreate", $"Error creating: {refusal.Message}", Component);
                context.Queue.Add(this, set.Key, _retry);
                return refusal.Message;
            }
        }

        foreach (var pod in pods.OrderBy(Worth).ThenByDescending(p => p.Created).Take(Math.Max(0, pods.Count - wanted)))
        {
            context.Writer.Delete(BuiltIn.Pod, pod.Key, new DeleteOptions());
            context.Events.Normal(set, "SuccessfulDelete", $"Deleted pod: {pod.Name}", Component);
        }

        return null;
    }

    /// <summary>Pods worth least go first: not scheduled, pending, not ready.</summary>
    private static int Worth(StoredObject pod) => pod.Pod switch
    {
        { NodeName.Length: 0 } => 0,
        { Phase: "Pending" } => 1,
        { Ready: false } => 2,
        _ => 3,
    };

    private bool Count(JsonObject s, List<StoredObject> pods, string? failure)
    {
        var status = s.Ensure("status");
        var ready = pods.Count(p => p.Pod!.Ready);
        var available = Available(s, pods);
        status["replicas"] = pods.Count;
        Set("fullyLabeledReplicas", pods.Count);
        Set("readyReplicas", ready);
        Set("availableReplicas", available);
        status["observedGeneration"] = s.Number("metadata", "generation");
        if (failure is not null)
        {
            Parts.SetCondition(status, "ReplicaFailure", "True", "FailedCreate", failure, context.Now);
        }
        else
        {
            status.Remove("conditions");
        }

        return true;

        void Set(string name, int value)
        {
            if (value == 0)
            {
                status.Remove(name);
            }
            else
            {
                status[name] = value;
            }
        }
    }

    /// <summary>Ready for at least minReadySeconds; looks again when the next pod gets there.</summary>
    private int Available(JsonObject s, List<StoredObject> pods)
    {
        var least = TimeSpan.FromSeconds(s.Int("spec", "minReadySeconds"));
        if (least == TimeSpan.Zero)
        {
            return pods.Count(p => p.Pod!.Ready);
        }

        var count = 0;
        foreach (var pod in pods.Where(p => p.Pod!.Ready))
        {
            var left = (Parts.Condition(pod.Json, "Ready").Time("lastTransitionTime") ?? context.Now) + least - context.Now;
            if (left <= TimeSpan.Zero)
            {
                count++;
            }
            else
            {
                context.Queue.Add(this, new ObjectKey(pod.Namespace, s.Str("metadata", "name")), left);
            }
        }

        return count;
    }
}
