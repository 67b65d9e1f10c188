using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>StatefulSets: numbered pods with claims of their own, in order, updated from the highest number down (pkg/controller/statefulset).</summary>
internal sealed class StatefulSetController(ControllerContext context) : IController
{
    private const string Component = "statefulset-controller";
    private const string PodNameKey = "statefulset.kubernetes.io/pod-name";

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.StatefulSet)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.Pod && Parts.OwnerKey(change.Object, BuiltIn.StatefulSet) is { } owner)
        {
            context.Queue.Add(this, owner, Parts.Together);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.StatefulSet, key) is not { } set)
        {
            return;
        }

        var revision = Revisions.Current(context, set);
        var pods = context.Store.ControlledBy(set.Uid, BuiltIn.Pod).ToDictionary(p => p.Name, StringComparer.Ordinal);
        if (!set.Deleting)
        {
            Step(set, pods, revision);
        }

        var present = context.Store.ControlledBy(set.Uid, BuiltIn.Pod).Where(p => !p.Deleting).ToList();
        context.Store.Mutate(BuiltIn.StatefulSet, key, s => Count(s, present, revision), Parts.Status);
    }

    /// <summary>The next step: create, recreate, take away or renew one pod (all at once where the policy is Parallel).</summary>
    private void Step(StoredObject set, Dictionary<string, StoredObject> pods, string revision)
    {
        var wanted = set.Json.Int("spec", "replicas");
        var ordered = set.Json.Str("spec", "podManagementPolicy") != "Parallel";
        for (var i = 0; i < wanted; i++)
        {
            var name = Name(set, i);
            if (!pods.TryGetValue(name, out var pod))
            {
                Create(set, name, i, revision);
                if (ordered)
                {
                    return;
                }
            }
            else if (pod.Pod!.Finished)
            {
                context.Store.Remove(BuiltIn.Pod, pod.Key);
                return;
            }
            else if (ordered && (pod.Deleting || !pod.Pod.Ready))
            {
                return;
            }
        }

        var surplus = pods.Values.Where(p => Ordinal(set, p) >= wanted).OrderByDescending(p => Ordinal(set, p)).ToList();
        foreach (var pod in ordered ? surplus.Take(1) : surplus)
        {
            Delete(set, pod);
        }

        if (surplus.Count == 0)
        {
            Renew(set, pods, revision, wanted);
        }
    }

    private void Renew(StoredObject set, Dictionary<string, StoredObject> pods, string revision, int wanted)
    {
        if (set.Json.Str("spec", "updateStrategy", "type") != "RollingUpdate")
        {
            return;
        }

        var partition = set.Json.Int("spec", "updateStrategy", "rollingUpdate", "partition");
        for (var i = wanted - 1; i >= partition; i--)
        {
            if (!pods.TryGetValue(Name(set, i), out var pod) || pod.Deleting)
            {
                return;
            }

            if (pod.Labels.GetValueOrDefault(Revisions.HashKey) != revision)
            {
                Delete(set, pod);
                return;
            }

            if (!pod.Pod!.Ready)
            {
                return;
            }
        }
    }

    private void Create(StoredObject set, string name, int ordinal, string revision)
    {
        var pod = Parts.PodFromTemplate(set.Json.Obj("spec", "template"), set, set.Name + "-");
        var metadata = pod.Ensure("metadata");
        metadata["name"] = name;
        var labels = metadata.Ensure("labels");
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[Revisions.HashKey] = revision;
        labels[PodNameKey] = name;
        var spec = pod.Ensure("spec");
        spec["hostname"] = name;
        spec["subdomain"] = set.Json.Str("spec", "serviceName");
        var volumes = spec.EnsureArray("volumes");
        foreach (var template in set.Json.Items("spec", "volumeClaimTemplates"))
        {
            var claim = $"{template.Str("metadata", "name")}-{name}";
            EnsureClaim(set, template, claim);
            volumes.Insert(0, new JsonObject { ["name"] = template.Str("metadata", "name"), ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim } });
        }

        try
        {
            context.Writer.Create(BuiltIn.Pod, set.Namespace, pod, Parts.Main);
            context.Events.Normal(set, "SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Name} successful", Component);
        }
        catch (ApiException refusal)
        {
            context.Events.Warning(set, "FailedCreate", $"create Pod {name} in StatefulSet {set.Name} failed error: {refusal.Message}", Component);
            context.Queue.Add(this, set.Key, TimeSpan.FromSeconds(30));
        }
    }

    private void EnsureClaim(StoredObject set, JsonObject template, string name)
    {
        if (context.Store.Find(BuiltIn.PersistentVolumeClaim, set.Namespace, name) is not null)
        {
            return;
        }

        var claim = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = set.Json.At("spec", "selector", "matchLabels")?.DeepClone() },
            ["spec"] = template.Obj("spec").Clone(),
        };
        context.Writer.Create(BuiltIn.PersistentVolumeClaim, set.Namespace, claim, Parts.Main);
        context.Events.Normal(set, "SuccessfulCreate", $"create Claim {name} Pod {name[(template.Str("metadata", "name").Length + 1)..]} in StatefulSet {set.Name} success", Component);
    }

    private void Delete(StoredObject set, StoredObject pod)
    {
        if (!pod.Deleting)
        {
            context.Writer.Delete(BuiltIn.Pod, pod.Key, new DeleteOptions());
            context.Events.Normal(set, "SuccessfulDelete", $"delete Pod {pod.Name} in StatefulSet {set.Name} successful", Component);
        }
    }

    private static bool Count(JsonObject s, List<StoredObject> pods, string revision)
    {
        var status = s.Ensure("status");
        var updated = pods.Count(p => p.Labels.GetValueOrDefault(Revisions.HashKey) == revision);
        status["observedGeneration"] = s.Number("metadata", "generation");
        status["replicas"] = pods.Count;
        status["readyReplicas"] = pods.Count(p => p.Pod!.Ready);
        status["availableReplicas"] = pods.Count(p => p.Pod!.Ready);
        status["updatedReplicas"] = updated;
        status["updateRevision"] = revision;
        if (updated == s.Int("spec", "replicas") || !status.ContainsKey("currentRevision"))
        {
            status["currentRevision"] = revision;
        }

        status["currentReplicas"] = pods.Count(p => p.Labels.GetValueOrDefault(Revisions.HashKey) == status.Str("currentRevision"));
        status["collisionCount"] = 0;
        return true;
    }

    private static string Name(StoredObject set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set.Name}-{ordinal}");

    private static int Ordinal(StoredObject set, StoredObject pod) =>
        int.TryParse(pod.Name.AsSpan(set.Name.Length + 1), CultureInfo.InvariantCulture, out var ordinal) ? ordinal : int.MaxValue;
}
