using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Image references, and where the cluster itself knows a better one. An image that is nowhere in the cluster is never suggested (threat T2).</summary>
internal static class Images
{
    /// <summary>Repository and tag (or digest) of a reference; a port of the registry is no tag.</summary>
    public static (string Repository, string Tag) Split(string image)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            return (image[..at], image[(at + 1)..]);
        }

        var colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..]) : (image, "latest");
    }

    /// <summary>Host of the registry; Docker Hub when the reference names none.</summary>
    public static string Registry(string image)
    {
        var first = image.Split('/')[0];
        return image.Contains('/', StringComparison.Ordinal) && (first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost")
            ? first
            : "docker.io";
    }

    /// <summary>
    /// A change back to an image that this container had in an earlier revision, else to a tag of the same repository that runs elsewhere
    /// in the cluster. Null when the cluster knows neither.
    /// </summary>
    public static SuggestedFix? Back(ClusterSnapshot snapshot, V1Pod pod, string list, string container, string badImage)
    {
        if (snapshot.Index.DeploymentOf(pod) is not { } deployment
            || deployment.Spec?.Template?.Spec.FindContainer(container)?.Container.Image != badImage)
        {
            // Not a Deployment, or already changed since this pod was made.
            return null;
        }

        var target = Kinds.Ref("Deployment", deployment);
        var path = $"spec.template.spec.{list}[{container}].image";
        if (Previous(snapshot, deployment, container, badImage) is { } previous)
        {
            var serving = previous.Set.Status?.ReadyReplicas > 0;
            return Report.Fix(
                OperationNames.SetImage,
                target,
                serving ? "Fix.ServingImage" : "Fix.PreviousImage",
                [new LeafChange(path, previous.Image)],
                ("container", container),
                ("image", previous.Image),
                ("revision", SnapshotIndex.Revision(previous.Set).Text()));
        }

        if (Sibling(snapshot, badImage) is { } sibling)
        {
            return Report.Fix(
                OperationNames.SetImage,
                target,
                "Fix.SiblingImage",
                [new LeafChange(path, sibling.Image)],
                ("container", container),
                ("image", sibling.Image),
                ("where", sibling.Where.ToString()));
        }

        return null;
    }

    private static (V1ReplicaSet Set, string Image)? Previous(ClusterSnapshot snapshot, V1Deployment deployment, string container, string badImage)
    {
        var earlier = snapshot.Index.RevisionsOf(deployment)
            .Select(r => (Set: r, Image: Withheld.Visible(r.Spec?.Template?.Spec.FindContainer(container)?.Container.Image)))
            .Where(r => r.Image.Length > 0 && r.Image != badImage)
            .ToList();
        var serving = earlier.FirstOrDefault(r => r.Set.Status?.ReadyReplicas > 0);
        return serving.Set is not null ? serving : earlier.Count > 0 ? earlier[0] : null;
    }

    private static (string Image, ObjectRef Where)? Sibling(ClusterSnapshot snapshot, string badImage)
    {
        var repository = Split(badImage).Repository;
        foreach (var pod in snapshot.Pods.Where(p => p.IsReady() && !p.IsDeleting()))
        {
            foreach (var c in pod.Spec?.Containers ?? [])
            {
                if (c.Image is { } image && image != badImage && !Withheld.Is(image) && Split(image).Repository == repository)
                {
                    return (image, snapshot.Index.OwnerOf(pod));
                }
            }
        }

        return null;
    }
}
