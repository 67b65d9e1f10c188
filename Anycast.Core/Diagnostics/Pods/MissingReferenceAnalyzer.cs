using System.Text.RegularExpressions;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>
/// Secrets, ConfigMaps and keys that a pod refers to and that are not there. Never reads them: the kubelet says so in status and events,
/// or the cluster's inventory of names does, and the pod's own spec says which field refers to it.
/// </summary>
public sealed partial class MissingReferenceAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => !p.IsDeleting() && !p.IsFinished()))
        {
            var seen = false;
            var reported = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (list, status) in pod.AllStatuses())
            {
                if (status.State?.Waiting is { Reason: "CreateContainerConfigError" } waiting)
                {
                    seen = true;
                    var finding = FromContainer(snapshot, pod, list, status.Name, waiting);
                    reported.Add(finding.Detail);
                    yield return finding;
                }
            }

            // A volume is mounted before any container starts, so there is no container status to read.
            if (!seen && pod.Status?.Phase == "Pending")
            {
                foreach (var e in snapshot.Index.EventsOf("Pod", pod).Where(e => e.Reason is "FailedMount" or "FailedToRetrieveImagePullSecret").DistinctBy(e => e.Message))
                {
                    if (FromEvent(snapshot, pod, e) is { } finding)
                    {
                        reported.Add(finding.Detail);
                        yield return finding;
                    }
                }
            }

            foreach (var finding in InventoryReferences.Of(snapshot, pod, reported))
            {
                yield return finding;
            }
        }
    }

    private static Finding FromContainer(ClusterSnapshot snapshot, V1Pod pod, string list, string container, V1ContainerStateWaiting waiting)
    {
        var self = Kinds.Ref(pod);
        var failed = snapshot.Index.EventsOf("Pod", pod).FirstOrDefault(e => e.Reason == "Failed" && Parse(Withheld.Visible(e.Message)) is not null);
        var missing = Parse(Withheld.Visible(waiting.Message)) ?? Parse(Withheld.Visible(failed?.Message));
        var report = missing is { } m
            ? Start(snapshot, pod, m, container)
            : new Report(snapshot, "ConfigReferenceBroken", FindingSeverity.Error, snapshot.Index.OwnerOf(pod), container)
                .On("Pod", pod)
                .With("references", string.Join(", ", ReferencesOf(pod, container).Select(r => $"{r.Kind} {r.Name}").Distinct().Take(8)));
        return report
            .With("container", container)
            .Saw(self, $"status.{list}[{container}].state.waiting.reason", waiting.Reason)
            .Saw(self, $"status.{list}[{container}].state.waiting.message", waiting.Message)
            .Saw(missing is null ? null : failed)
            .Between(SnapshotExtensions.Instant(pod.Metadata.CreationTimestamp), snapshot.TakenAt)
            .Done();
    }

    private static Finding? FromEvent(ClusterSnapshot snapshot, V1Pod pod, Corev1Event e)
    {
        if (Parse(Withheld.Visible(e.Message)) is { } missing)
        {
            return Start(snapshot, pod, missing, "").With("container", "").Saw(e).Done();
        }

        return null;
    }

    private static Report Start(ClusterSnapshot snapshot, V1Pod pod, Missing missing, string container)
    {
        var self = Kinds.Ref(pod);
        var rule = missing.Key.Length > 0 ? "ReferenceKeyMissing" : missing.Kind == "Secret" ? "SecretMissing" : "ConfigMapMissing";
        var reference = ReferencesOf(pod, container).FirstOrDefault(r => r.Kind == missing.Kind && r.Name == missing.Name && (missing.Key.Length == 0 || r.Key == missing.Key))
            ?? ReferencesOf(pod, "").FirstOrDefault(r => r.Kind == missing.Kind && r.Name == missing.Name);
        return new Report(snapshot, rule, FindingSeverity.Error, snapshot.Index.OwnerOf(pod), $"{missing.Kind}/{missing.Name}/{missing.Key}")
            .On("Pod", pod)
            .With("missingKind", missing.Kind)
            .With("missing", missing.Name)
            .With("key", missing.Key)
            .With("field", reference?.Path ?? "?")
            .Saw(self, reference?.Path ?? "", reference is null ? null : missing.Name);
    }

    /// <summary>Reads the kubelet's words; null when they name no object.</summary>
    internal static Missing? Parse(string message)
    {
        if (KeyMissing().Match(message) is { Success: true } key)
        {
            return new Missing(KindOf(key.Groups["kind"].Value), Last(key.Groups["name"].Value), key.Groups["key"].Value);
        }

        return NotFound().Match(message) is { Success: true } gone
            ? new Missing(KindOf(gone.Groups["kind"].Value), Last(gone.Groups["name"].Value), "")
            : null;
    }

    private static string KindOf(string word) => word.StartsWith('s') || word.StartsWith('S') ? "Secret" : "ConfigMap";

    private static string Last(string name) => name[(name.LastIndexOf('/') + 1)..];

    /// <summary>Every field of the pod that names a Secret or ConfigMap; an empty container means all of them and the volumes.</summary>
    internal static IEnumerable<Reference> ReferencesOf(V1Pod pod, string container)
    {
        foreach (var (list, containers) in new[] { ("initContainers", pod.Spec?.InitContainers), ("containers", pod.Spec?.Containers) })
        {
            foreach (var c in (containers ?? []).Where(c => container.Length == 0 || c.Name == container))
            {
                var at = $"spec.{list}[{c.Name}]";
                foreach (var env in c.Env ?? [])
                {
                    if (env.ValueFrom?.SecretKeyRef is { } s)
                    {
                        yield return new Reference("Secret", s.Name, s.Key ?? "", $"{at}.env[{env.Name}].valueFrom.secretKeyRef", s.Optional == true);
                    }

                    if (env.ValueFrom?.ConfigMapKeyRef is { } m)
                    {
                        yield return new Reference("ConfigMap", m.Name, m.Key ?? "", $"{at}.env[{env.Name}].valueFrom.configMapKeyRef", m.Optional == true);
                    }
                }

                foreach (var from in c.EnvFrom ?? [])
                {
                    if (from.SecretRef is { } s)
                    {
                        yield return new Reference("Secret", s.Name, "", $"{at}.envFrom.secretRef", s.Optional == true);
                    }

                    if (from.ConfigMapRef is { } m)
                    {
                        yield return new Reference("ConfigMap", m.Name, "", $"{at}.envFrom.configMapRef", m.Optional == true);
                    }
                }
            }
        }

        foreach (var volume in pod.Spec?.Volumes ?? [])
        {
            if (volume.Secret?.SecretName is { Length: > 0 } secret)
            {
                yield return new Reference("Secret", secret, "", $"spec.volumes[{volume.Name}].secret", volume.Secret.Optional == true);
            }

            if (volume.ConfigMap?.Name is { Length: > 0 } map)
            {
                yield return new Reference("ConfigMap", map, "", $"spec.volumes[{volume.Name}].configMap", volume.ConfigMap.Optional == true);
            }
        }

        foreach (var pull in pod.Spec?.ImagePullSecrets ?? [])
        {
            yield return new Reference("Secret", pull.Name, "", "spec.imagePullSecrets");
        }
    }

    /// <summary>An object, or a key of it, that is not there.</summary>
    internal sealed record Missing(string Kind, string Name, string Key);

    /// <summary>A field that names a Secret or ConfigMap.</summary>
    internal sealed record Reference(string Kind, string Name, string Key, string Path, bool Optional = false);

    [GeneratedRegex("""(?<kind>secrets?|configmaps?) "(?<name>[A-Za-z0-9._/-]{1,253})" not found""", RegexOptions.IgnoreCase, 100)]
    private static partial Regex NotFound();

    [GeneratedRegex("""couldn't find key (?<key>[A-Za-z0-9._-]{1,253}) in (?<kind>Secret|ConfigMap) (?<name>[A-Za-z0-9._/-]{1,253})""", RegexOptions.IgnoreCase, 100)]
    private static partial Regex KeyMissing();
}
