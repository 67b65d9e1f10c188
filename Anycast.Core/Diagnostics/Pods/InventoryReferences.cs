using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>
/// References that the cluster's inventory of names (add-on) does not hold. What the kubelet has not said yet: a pod that runs keeps what it was
/// started with, and fails when it is started anew.
/// </summary>
internal static class InventoryReferences
{
    /// <param name="reported">What the kubelet reported of this pod already.</param>
    public static IEnumerable<Finding> Of(ClusterSnapshot snapshot, V1Pod pod, IReadOnlyCollection<string> reported)
    {
        var ns = pod.Metadata.NamespaceProperty ?? "";
        foreach (var reference in MissingReferenceAnalyzer.ReferencesOf(pod, "").Where(r => !r.Optional).DistinctBy(r => (r.Kind, r.Name)))
        {
            var detail = $"{reference.Kind}/{reference.Name}/";
            if (reported.Contains(detail) || Withheld.Is(reference.Name) || snapshot.Inventory.Has(reference.Kind, ns, reference.Name) != false)
            {
                continue;
            }

            var list = new ObjectRef("agent.anycast.io", "ObjectInventory", ns, reference.Kind == "Secret" ? "secrets" : "configmaps", "");
            yield return new Report(snapshot, reference.Kind == "Secret" ? "SecretMissing" : "ConfigMapMissing", pod.Status?.Phase == "Running" ? FindingSeverity.Warning : FindingSeverity.Error, snapshot.Index.OwnerOf(pod), detail)
                .On("Pod", pod)
                .With("missingKind", reference.Kind)
                .With("missing", reference.Name)
                .With("key", "")
                .With("container", "")
                .With("field", reference.Path)
                .Saw(Kinds.Ref(pod), reference.Path, reference.Name)
                .Saw(list, "spec.items[].name", $"without {reference.Name}")
                .Done();
        }
    }
}
