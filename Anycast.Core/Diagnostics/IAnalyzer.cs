namespace Anycast.Core.Diagnostics;

/// <summary>
/// Looks for one family of faults. Reads only the snapshot, knows no clock but <see cref="ClusterSnapshot.TakenAt"/>,
/// and concludes from an absence only where <see cref="ClusterSnapshot.IsComplete"/> says the kind was read whole.
/// </summary>
public interface IAnalyzer
{
    /// <summary>Yields one finding per object that shows a fault; <see cref="Diagnosis"/> merges those with one fingerprint.</summary>
    IEnumerable<Finding> Analyze(ClusterSnapshot snapshot);
}
