using System.Globalization;
using k8s.Models;

namespace Anycast.Core.Diagnostics;

/// <summary>Small readings of typed objects that several analyzers need.</summary>
internal static class SnapshotExtensions
{
    /// <summary>When the event last happened: the series, then lastTimestamp, then eventTime (events.k8s.io leaves the older fields empty).</summary>
    public static DateTimeOffset? LastSeen(this Corev1Event e) =>
        Instant(e.Series?.LastObservedTime ?? e.LastTimestamp ?? e.EventTime ?? e.Metadata?.CreationTimestamp);

    /// <summary>When it first happened.</summary>
    public static DateTimeOffset? FirstSeen(this Corev1Event e) =>
        Instant(e.FirstTimestamp ?? e.EventTime ?? e.Metadata?.CreationTimestamp);

    /// <summary>How often it happened.</summary>
    public static int Times(this Corev1Event e) => Math.Max(1, e.Series?.Count ?? e.Count ?? 1);

    /// <summary>The API's instants are UTC, whatever kind the parser gave them.</summary>
    public static DateTimeOffset? Instant(DateTime? time) =>
        time is { } t ? new DateTimeOffset(DateTime.SpecifyKind(t.ToUniversalTime(), DateTimeKind.Utc)) : null;

    /// <summary>Main and init containers' statuses, init first, with the list they come from.</summary>
    public static IEnumerable<(string List, V1ContainerStatus Status)> AllStatuses(this V1Pod pod)
    {
        foreach (var s in pod.Status?.InitContainerStatuses ?? [])
        {
            yield return ("initContainerStatuses", s);
        }

        foreach (var s in pod.Status?.ContainerStatuses ?? [])
        {
            yield return ("containerStatuses", s);
        }
    }

    /// <summary>The spec of a container of the pod, and the list it stands in.</summary>
    public static (string List, V1Container Container)? FindContainer(this V1PodSpec? spec, string name)
    {
        if (spec?.Containers?.FirstOrDefault(c => c.Name == name) is { } main)
        {
            return ("containers", main);
        }

        return spec?.InitContainers?.FirstOrDefault(c => c.Name == name) is { } init ? ("initContainers", init) : null;
    }

    /// <summary>Being deleted: its state is the deletion's, no fault of its own.</summary>
    public static bool IsDeleting(this V1Pod pod) => pod.Metadata?.DeletionTimestamp is not null;

    /// <summary>Ended for good.</summary>
    public static bool IsFinished(this V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    /// <summary>Status of a pod's condition <c>Ready</c>.</summary>
    public static bool IsReady(this V1Pod pod) =>
        pod.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;

    /// <summary>Ready and open for pods.</summary>
    public static bool TakesPods(this V1Node node) =>
        node.Spec?.Unschedulable != true && node.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;

    /// <summary>A number as it stands in a placeholder.</summary>
    public static string Text(this int value) => value.ToString(CultureInfo.InvariantCulture);
}
