using Anycast.Core.Common;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Storage;

/// <summary>Volume claims that get no volume. A claim's class can't be changed, so there is no patch that mends one.</summary>
public sealed class ClaimAnalyzer : IAnalyzer
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var claim in snapshot.Claims.Where(c => c.Metadata.DeletionTimestamp is null))
        {
            if (claim.Status?.Phase == "Lost")
            {
                yield return Start(snapshot, claim, "ClaimLost", FindingSeverity.Critical)
                    .With("volume", claim.Spec?.VolumeName)
                    .Saw(Kinds.Ref("PersistentVolumeClaim", claim), "spec.volumeName", claim.Spec?.VolumeName)
                    .Done();
            }
            else if (claim.Status?.Phase == "Pending" && Pending(snapshot, claim) is { } finding)
            {
                yield return finding;
            }

            if (claim.Status?.Conditions?.FirstOrDefault(c => c.Type is "FileSystemResizePending" or "ControllerResizeError" && c.Status == "True") is { } resize)
            {
                yield return Start(snapshot, claim, "ClaimResizePending", FindingSeverity.Warning)
                    .Saw(Kinds.Ref("PersistentVolumeClaim", claim), $"status.conditions[{resize.Type}].status", resize.Status)
                    .Done();
            }
        }
    }

    private static Report Start(ClusterSnapshot snapshot, V1PersistentVolumeClaim claim, string rule, FindingSeverity severity) =>
        new Report(snapshot, rule, severity, Kinds.Ref("PersistentVolumeClaim", claim))
            .With("class", claim.Spec?.StorageClassName)
            .With("size", Quantities.Of(claim.Spec?.Resources?.Requests, "storage") is { } s ? Quantities.Print("memory", s) : "?")
            .With("classes", Names(snapshot))
            .Saw(Kinds.Ref("PersistentVolumeClaim", claim), "status.phase", claim.Status?.Phase)
            .Between(SnapshotExtensions.Instant(claim.Metadata.CreationTimestamp), snapshot.TakenAt);

    private static Finding? Pending(ClusterSnapshot snapshot, V1PersistentVolumeClaim claim)
    {
        var self = Kinds.Ref("PersistentVolumeClaim", claim);
        var name = claim.Spec?.StorageClassName;
        var events = snapshot.Index.EventsOf("PersistentVolumeClaim", claim).ToList();
        var failed = events.FirstOrDefault(e => e.Reason is "ProvisioningFailed" or "FailedBinding");
        var known = snapshot.StorageClasses.FirstOrDefault(c => c.Metadata.Name == name);
        if (snapshot.IsComplete("StorageClass"))
        {
            // The empty class asks for a volume made by hand; an absent one for the default class.
            if (name is { Length: > 0 } && !Withheld.Is(name) && known is null && !HandMade(snapshot, claim))
            {
                return Start(snapshot, claim, "ClaimClassMissing", FindingSeverity.Error)
                    .With("near", Spelling.Nearest(name, snapshot.StorageClasses.Select(c => c.Metadata.Name)) ?? "–")
                    .With("default", Default(snapshot)?.Metadata.Name ?? "–")
                    .Saw(self, "spec.storageClassName", name)
                    .Saw(failed)
                    .Done();
            }

            if (name is null && Default(snapshot) is null)
            {
                return Start(snapshot, claim, "ClaimNoDefaultClass", FindingSeverity.Error)
                    .Saw(self, "spec.storageClassName", "–")
                    .Saw(failed)
                    .Done();
            }
        }

        if (events.FirstOrDefault(e => e.Reason == "WaitForFirstConsumer") is { } waiting || known?.VolumeBindingMode == "WaitForFirstConsumer" && failed is null)
        {
            var users = Users(snapshot, claim).ToList();
            return users.Count > 0
                ? null
                : Start(snapshot, claim, "ClaimUnused", FindingSeverity.Info)
                    .Saw(known is null ? self : Kinds.Ref("StorageClass", known), "volumeBindingMode", "WaitForFirstConsumer")
                    .Saw(events.FirstOrDefault(e => e.Reason == "WaitForFirstConsumer"))
                    .Done();
        }

        if (failed is not null)
        {
            return Start(snapshot, claim, "ClaimProvisioningFailed", FindingSeverity.Error).Saw(self, "spec.storageClassName", name).Saw(failed).Done();
        }

        return SnapshotExtensions.Instant(claim.Metadata.CreationTimestamp) is { } made && snapshot.TakenAt - made > Patience
            ? Start(snapshot, claim, "ClaimPending", FindingSeverity.Warning).Saw(self, "spec.storageClassName", name).Saw(events.FirstOrDefault()).Done()
            : null;
    }

    /// <summary>A class name need not exist as an object when a volume made by hand carries the same name.</summary>
    private static bool HandMade(ClusterSnapshot snapshot, V1PersistentVolumeClaim claim) =>
        snapshot.Volumes.Any(v => v.Spec?.StorageClassName == claim.Spec.StorageClassName && v.Status?.Phase == "Available");

    private static V1StorageClass? Default(ClusterSnapshot snapshot) => snapshot.StorageClasses.FirstOrDefault(c =>
        c.Metadata.Annotations is { } a && a.TryGetValue("storageclass.kubernetes.io/is-default-class", out var d) && d == "true");

    private static string Names(ClusterSnapshot snapshot) =>
        snapshot.StorageClasses.Count == 0 ? "–" : string.Join(", ", snapshot.StorageClasses.Select(c => c.Metadata.Name).Take(8));

    private static IEnumerable<V1Pod> Users(ClusterSnapshot snapshot, V1PersistentVolumeClaim claim) =>
        snapshot.Index.PodsIn(claim.Metadata.NamespaceProperty ?? "")
            .Where(p => !p.IsFinished() && (p.Spec?.Volumes ?? []).Any(v => v.PersistentVolumeClaim?.ClaimName == claim.Metadata.Name));
}
