using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>What happens to an object between the request and the store: defaults, the admission plugins for pods and claims, validation.</summary>
/// <param name="clusterUid">The uid that the namespace kube-system gets, by which clients know the cluster.</param>
internal sealed class AdmissionChain(ObjectStore store, string clusterUid)
{
    private readonly ServiceAddresses _addresses = new();
    private readonly PodAdmission _pods = new(store);

    /// <exception cref="ApiException">The object is refused.</exception>
    public void Admit(KindInfo kind, JsonObject? old, JsonObject next)
    {
        Defaults.Apply(kind, next, isNew: old is null);
        if (kind == BuiltIn.Service)
        {
            _addresses.Assign(old, next);
        }
        else if (kind == BuiltIn.PersistentVolumeClaim && old is null)
        {
            DefaultStorageClass(next);
        }
        else if (kind == BuiltIn.Namespace && old is null && next.Str("metadata", "name") == "kube-system")
        {
            next.Ensure("metadata")["uid"] = clusterUid;
        }
        else if (kind == BuiltIn.Pod && old is null)
        {
            _pods.Admit(next);
        }

        var errors = Validation.Check(kind, old, next);
        if (errors.Count > 0)
        {
            throw KubeErrors.Invalid(kind, next.Str("metadata", "name"), errors);
        }
    }

    private void DefaultStorageClass(JsonObject claim)
    {
        var spec = claim.Ensure("spec");
        if (!spec.ContainsKey("storageClassName")
            && store.List(BuiltIn.StorageClass).FirstOrDefault(c => c.Json.Str("metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true") is { } standard)
        {
            spec["storageClassName"] = standard.Name;
        }
    }
}
