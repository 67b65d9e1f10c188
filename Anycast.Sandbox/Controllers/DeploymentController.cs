using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Deployments: a ReplicaSet per template, rolled out by the strategy (pkg/controller/deployment).</summary>
internal sealed class DeploymentController(ControllerContext context) : IController
{
    private const string Component = "deployment-controller";
    private const string RevisionKey = "deployment.kubernetes.io/revision";
    private const string HashKey = "pod-template-hash";

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.Deployment)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.ReplicaSet && Parts.OwnerKey(change.Object, BuiltIn.Deployment) is { } owner)
        {
            context.Queue.Add(this, owner, Parts.Together);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.Deployment, key) is not { Deleting: false } deployment)
        {
            return;
        }

        var sets = Sets(deployment);
        var hash = Parts.Hash(deployment.Json.At("spec", "template"));
        var current = sets.FirstOrDefault(s => s.Labels.GetValueOrDefault(HashKey) == hash);
        if (!deployment.Json.Bool("spec", "paused"))
        {
            current = Current(deployment, sets, current, hash);
            sets = Sets(deployment);
            current = sets.FirstOrDefault(s => s.Name == current.Name);
        }

        var rollout = Rollout.Plan(deployment.Json, current, sets);
        foreach (var (set, replicas) in rollout)
        {
            Scale(deployment, set, replicas);
        }

        sets = Sets(deployment);
        DeploymentStatus.Update(context, this, deployment, sets.FirstOrDefault(s => s.Name == current?.Name), sets);
        Clean(deployment, sets, current);
    }

    private List<StoredObject> Sets(StoredObject deployment) =>
        [.. context.Store.ControlledBy(deployment.Uid, BuiltIn.ReplicaSet).Where(s => !s.Deleting).OrderBy(s => s.Created).ThenBy(Revision)];

    /// <summary>The ReplicaSet of the present template: found or made, with the newest revision number.</summary>
    private StoredObject Current(StoredObject deployment, List<StoredObject> sets, StoredObject? current, string hash)
    {
        var newest = sets.Where(s => s.Name != current?.Name).Select(Revision).DefaultIfEmpty(0).Max();
        var revision = current is null || Revision(current) <= newest ? newest + 1 : Revision(current);
        var text = revision.ToString(CultureInfo.InvariantCulture);
        if (current is null)
        {
            current = context.Writer.Create(BuiltIn.ReplicaSet, deployment.Namespace, NewSet(deployment, hash, text), Parts.Main);
        }
        else if (Revision(current) != revision)
        {
            current = context.Store.Mutate(BuiltIn.ReplicaSet, current.Key, set =>
            {
                set.Ensure("metadata", "annotations")[RevisionKey] = text;
                return true;
            }, Parts.Main)!;
        }

        context.Store.Mutate(BuiltIn.Deployment, deployment.Key, d =>
        {
            if (d.Str("metadata", "annotations", RevisionKey) == text)
            {
                return false;
            }

            d.Ensure("metadata", "annotations")[RevisionKey] = text;
            return true;
        }, Parts.Main);
        return current;
    }

    private static JsonObject NewSet(StoredObject deployment, string hash, string revision)
    {
        var spec = deployment.Json.Obj("spec");
        var template = spec.Obj("template").Clone();
        template.Ensure("metadata", "labels")[HashKey] = hash;
        var selector = spec.Obj("selector").Clone();
        selector.Ensure("matchLabels")[HashKey] = hash;

        // Annotations are passed on, but for those that speak of the Deployment itself.
        var annotations = new JsonObject();
        foreach (var (name, value) in deployment.Json.Obj("metadata", "annotations"))
        {
            if (name is not ("kubectl.kubernetes.io/last-applied-configuration" or RevisionKey))
            {
                annotations[name] = value?.DeepClone();
            }
        }

        annotations[RevisionKey] = revision;
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Name}-{hash}",
                ["labels"] = template.Obj("metadata", "labels").Clone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Parts.OwnerReference(deployment)),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = 0,
                ["minReadySeconds"] = spec.Int("minReadySeconds"),
                ["selector"] = selector,
                ["template"] = template,
            },
        };
    }

    private void Scale(StoredObject deployment, StoredObject set, int replicas)
    {
        var before = set.Json.Int("spec", "replicas");
        if (before == replicas)
        {
            return;
        }

        var desired = deployment.Json.Int("spec", "replicas");
        context.Store.Mutate(BuiltIn.ReplicaSet, set.Key, s =>
        {
            s.Ensure("spec")["replicas"] = replicas;
            var annotations = s.Ensure("metadata", "annotations");
            annotations["deployment.kubernetes.io/desired-replicas"] = desired.ToString(CultureInfo.InvariantCulture);
            annotations["deployment.kubernetes.io/max-replicas"] = (desired + Rollout.MaxSurge(deployment.Json)).ToString(CultureInfo.InvariantCulture);
            return true;
        }, Parts.Main);
        context.Events.Normal(deployment, "ScalingReplicaSet", $"Scaled {(replicas > before ? "up" : "down")} replica set {set.Name} from {before} to {replicas}", Component);
    }

    private void Clean(StoredObject deployment, List<StoredObject> sets, StoredObject? current)
    {
        var idle = sets.Where(s => s.Name != current?.Name && s.Json.Int("spec", "replicas") == 0 && s.Json.Int("status", "replicas") == 0).OrderBy(Revision).ToList();
        var surplus = idle.Count - (int)(deployment.Json.Number("spec", "revisionHistoryLimit") ?? 10);
        foreach (var set in idle.Take(Math.Max(0, surplus)))
        {
            context.Store.Remove(BuiltIn.ReplicaSet, set.Key);
        }
    }

    private static long Revision(StoredObject set) =>
        long.TryParse(set.Json.Str("metadata", "annotations", RevisionKey), CultureInfo.InvariantCulture, out var revision) ? revision : 0;
}
