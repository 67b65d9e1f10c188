namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Pods that the kubelet or a drain put off their node and that still lie around.</summary>
public sealed class EvictionAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => p.Status is { Phase: "Failed", Reason: "Evicted" }))
        {
            var e = snapshot.Index.EventsOf("Pod", pod).FirstOrDefault(x => x.Reason == "Evicted");
            yield return new Report(snapshot, "PodEvicted", FindingSeverity.Warning, snapshot.Index.OwnerOf(pod))
                .On("Pod", pod)
                .With("node", pod.Spec?.NodeName)
                .Saw(Kinds.Ref(pod), "status.reason", pod.Status.Reason)
                .Saw(Kinds.Ref(pod), "status.message", pod.Status.Message)
                .Saw(e)
                .Done();
        }
    }
}
