using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Binds claims to volumes: provisions by the StorageClass, waits for a consumer where the class says so, or says what is missing.</summary>
internal sealed class VolumeController(ControllerContext context) : IController
{
    private const string Component = "persistentvolume-controller";
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(60);

    public void Observe(Change change)
    {
        var kind = change.Object.Kind;
        if (kind == BuiltIn.PersistentVolumeClaim)
        {
            context.Queue.Add(this, change.Object.Key, change.Type == ChangeType.Added ? context.Time.Scaled(0.2) : default);
        }
        else if (kind == BuiltIn.StorageClass || kind == BuiltIn.PersistentVolume)
        {
            foreach (var claim in context.Store.List(BuiltIn.PersistentVolumeClaim))
            {
                context.Queue.Add(this, claim.Key, context.Time.Scaled(0.1));
            }
        }
        else if (kind == BuiltIn.Pod && change.Type == ChangeType.Added)
        {
            foreach (var name in Claims(change.Object))
            {
                context.Queue.Add(this, new ObjectKey(change.Object.Namespace, name), context.Time.Scaled(0.1));
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.PersistentVolumeClaim, key) is not { Deleting: false } claim)
        {
            Release(key);
            return;
        }

        if (claim.Json.Str("status", "phase") == "Bound")
        {
            return;
        }

        var className = claim.Json.Str("spec", "storageClassName");
        if (Available(claim, className) is { } volume)
        {
            Bind(claim, volume);
            return;
        }

        if (context.Store.Find(BuiltIn.StorageClass, "", className) is not { } storage)
        {
            var (type, reason, message) = className.Length == 0
                ? ("Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
                : ("Warning", "ProvisioningFailed", $"storageclass.storage.k8s.io \"{className}\" not found");
            Say(claim, type, reason, message);
            context.Queue.Add(this, key, _again);
            return;
        }

        if (storage.Json.Str("volumeBindingMode") == "WaitForFirstConsumer" && !HasConsumer(claim))
        {
            Say(claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return;
        }

        Bind(claim, Provision(claim, storage));
    }

    private void Say(StoredObject claim, string type, string reason, string message)
    {
        if (type == "Warning")
        {
            context.Events.Warning(claim, reason, message, Component);
        }
        else
        {
            context.Events.Normal(claim, reason, message, Component);
        }
    }

    private bool HasConsumer(StoredObject claim) =>
        context.Store.List(BuiltIn.Pod, claim.Namespace).Any(p => !p.Pod!.Finished && Claims(p).Contains(claim.Name));

    private static IEnumerable<string> Claims(StoredObject pod) =>
        pod.Json.Items("spec", "volumes").Select(v => v.Str("persistentVolumeClaim", "claimName")).Where(n => n.Length > 0);

    private StoredObject? Available(StoredObject claim, string className) => context.Store.List(BuiltIn.PersistentVolume).FirstOrDefault(v =>
        v.Json.Str("status", "phase") == "Available"
        && v.Json.Str("spec", "storageClassName") == className
        && Quantity.Units(v.Json.Str("spec", "capacity", "storage")) >= Quantity.Units(claim.Json.Str("spec", "resources", "requests", "storage"))
        && claim.Json.Strings("spec", "accessModes").All(m => v.Json.Strings("spec", "accessModes").Contains(m)));

    private StoredObject Provision(StoredObject claim, StoredObject storage)
    {
        var provisioner = storage.Json.Str("provisioner");
        context.Events.Normal(claim, "Provisioning", $"External provisioner is provisioning volume for claim \"{claim.Namespace}/{claim.Name}\"", provisioner);
        var name = "pvc-" + claim.Uid;
        var volume = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { ["pv.kubernetes.io/provisioned-by"] = provisioner },
                ["finalizers"] = new JsonArray("kubernetes.io/pv-protection"),
            },
            ["spec"] = new JsonObject
            {
                ["accessModes"] = claim.Json.At("spec", "accessModes")?.DeepClone(),
                ["capacity"] = new JsonObject { ["storage"] = claim.Json.Str("spec", "resources", "requests", "storage") },
                ["csi"] = new JsonObject
                {
                    ["driver"] = provisioner,
                    ["fsType"] = "ext4",
                    ["volumeAttributes"] = new JsonObject { ["storage.kubernetes.io/csiProvisionerIdentity"] = context.Canaries.Mint("volume", name.Length > 4 ? $"{claim.Namespace}/{claim.Name}" : name) },
                    ["volumeHandle"] = "vol-" + claim.Uid[..13],
                },
                ["persistentVolumeReclaimPolicy"] = storage.Json.Str("reclaimPolicy"),
                ["storageClassName"] = storage.Name,
                ["volumeMode"] = claim.Json.Str("spec", "volumeMode"),
            },
        };
        var made = context.Writer.Create(BuiltIn.PersistentVolume, "", volume, new WriteBy("csi-provisioner"));
        context.Events.Normal(claim, "ProvisioningSucceeded", $"Successfully provisioned volume {name}", provisioner);
        return made;
    }

    private void Bind(StoredObject claim, StoredObject volume)
    {
        context.Store.Mutate(BuiltIn.PersistentVolume, volume.Key, v =>
        {
            v.Ensure("spec")["claimRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "PersistentVolumeClaim", ["namespace"] = claim.Namespace, ["name"] = claim.Name, ["uid"] = claim.Uid };
            v.Ensure("status")["phase"] = "Bound";
            return true;
        }, new WriteBy(Parts.Manager, WritePart.Everything));
        context.Store.Mutate(BuiltIn.PersistentVolumeClaim, claim.Key, c =>
        {
            c.Ensure("spec")["volumeName"] = volume.Name;
            var annotations = c.Ensure("metadata", "annotations");
            annotations["pv.kubernetes.io/bind-completed"] = "yes";
            annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
            var status = c.Ensure("status");
            status["phase"] = "Bound";
            status["accessModes"] = c.At("spec", "accessModes")?.DeepClone();
            status["capacity"] = volume.Json.At("spec", "capacity")?.DeepClone();
            return true;
        }, new WriteBy(Parts.Manager, WritePart.Everything));
    }

    /// <summary>A volume whose claim is gone is deleted or kept as released, as its policy says.</summary>
    private void Release(ObjectKey claim)
    {
        var bound = context.Store.List(BuiltIn.PersistentVolume)
            .Where(v => v.Json.Str("spec", "claimRef", "namespace") == claim.Namespace && v.Json.Str("spec", "claimRef", "name") == claim.Name).ToList();
        foreach (var volume in bound.Where(_ => context.Store.Find(BuiltIn.PersistentVolumeClaim, claim) is null))
        {
            if (volume.Json.Str("spec", "persistentVolumeReclaimPolicy") == "Delete")
            {
                context.Store.Remove(BuiltIn.PersistentVolume, volume.Key);
                continue;
            }

            context.Store.Mutate(BuiltIn.PersistentVolume, volume.Key, v =>
            {
                v.Ensure("status")["phase"] = "Released";
                return true;
            }, Parts.Status);
        }
    }
}
