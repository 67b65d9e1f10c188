using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Containers that wait because their image can't be had, told apart by what the registry answered.</summary>
public sealed class ImagePullAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => !p.IsDeleting()))
        {
            foreach (var (list, status) in pod.AllStatuses())
            {
                if (status.State?.Waiting is { } waiting && IsPullFault(waiting.Reason))
                {
                    yield return Describe(snapshot, pod, list, status, waiting);
                }
            }
        }
    }

    private static bool IsPullFault(string? reason) =>
        reason is "ImagePullBackOff" or "ErrImagePull" or "ErrImageNeverPull" or "InvalidImageName" or "ImageInspectError" or "RegistryUnavailable";

    private static Finding Describe(ClusterSnapshot snapshot, V1Pod pod, string list, V1ContainerStatus status, V1ContainerStateWaiting waiting)
    {
        var self = Kinds.Ref(pod);
        var spec = pod.Spec.FindContainer(status.Name);
        var image = spec?.Container.Image ?? status.Image ?? "";
        // ImagePullBackOff's own message says only "Back-off pulling image"; the reason stands in the event of the last try.
        var failed = snapshot.Index.EventsOf("Pod", pod)
            .FirstOrDefault(e => e.Reason == "Failed" && Concerns(e, status.Name) && Withheld.Visible(e.Message).Contains("pull", StringComparison.OrdinalIgnoreCase))
            ?? snapshot.Index.EventsOf("Pod", pod).FirstOrDefault(e => e.Reason is "Failed" or "InspectFailed" or "ErrImageNeverPull" && Concerns(e, status.Name));
        var rule = Classify(waiting.Reason, Withheld.Visible(waiting.Message) + "\n" + Withheld.Visible(failed?.Message));
        var (repository, tag) = Images.Split(image);
        var specList = spec?.List ?? "containers";
        return new Report(snapshot, rule, FindingSeverity.Error, snapshot.Index.OwnerOf(pod), status.Name)
            .On("Pod", pod)
            .With("container", status.Name)
            .With("image", image)
            .With("repository", repository)
            .With("tag", tag)
            .With("registry", Images.Registry(image))
            .Saw(self, $"status.{list}[{status.Name}].state.waiting.reason", waiting.Reason)
            .Saw(self, $"spec.{specList}[{status.Name}].image", image)
            .Saw(failed)
            .Between(SnapshotExtensions.Instant(pod.Metadata.CreationTimestamp), snapshot.TakenAt)
            .Mend(Images.Back(snapshot, pod, specList, status.Name, image))
            .Done();
    }

    private static bool Concerns(Corev1Event e, string container) =>
        e.InvolvedObject?.FieldPath is not { Length: > 0 } path || path.Contains($"{{{container}}}", StringComparison.Ordinal);

    /// <summary>Words of containerd, CRI-O and the registries; what fits none of them stays "could not be pulled".</summary>
    internal static string Classify(string? reason, string message)
    {
        bool Says(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (message.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }

        return reason switch
        {
            "InvalidImageName" => "ImageNameInvalid",
            "ErrImageNeverPull" => "ImageNeverPull",
            _ when Says("no match for platform", "no matching manifest for", "exec format") => "ImageWrongPlatform",
            _ when Says("toomanyrequests", "too many requests", "429", "rate limit") => "ImageRateLimited",
            _ when Says("no such host", "dial tcp", "i/o timeout", "connection refused", "TLS handshake", "x509", "server misbehaving") => "ImageRegistryUnreachable",
            _ when Says("not found", "manifest unknown", "does not exist", "name unknown") && !Says("may require", "authorization failed") => "ImageNotFound",
            _ when Says("unauthorized", "authentication required", "authorization failed", "denied", "403", "401", "may require") => "ImageUnauthorized",
            _ => "ImagePullFailed",
        };
    }
}
