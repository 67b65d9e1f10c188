using System.Globalization;

namespace Anycast.Core.Diagnostics.Storage;

/// <summary>Quotas that are used up or nearly so: the next pod will be refused.</summary>
public sealed class QuotaAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var quota in snapshot.Quotas)
        {
            var self = Kinds.Ref("ResourceQuota", quota);
            foreach (var resource in (quota.Status?.Hard ?? new Dictionary<string, k8s.Models.ResourceQuantity>()).Keys)
            {
                if (Quantities.Of(quota.Status!.Hard, resource) is { } hard and > 0
                    && Quantities.Of(quota.Status.Used, resource) is { } used
                    && used >= hard * DiagnosticsLimits.QuotaNearlyUsed)
                {
                    var plain = resource.EndsWith("cpu", StringComparison.Ordinal) ? "cpu" : "memory";
                    yield return new Report(snapshot, used >= hard ? "QuotaUsedUp" : "QuotaNearlyUsed", used >= hard ? FindingSeverity.Warning : FindingSeverity.Info, self, resource)
                        .With("resource", resource)
                        .With("used", Quantities.Print(plain, used))
                        .With("hard", Quantities.Print(plain, hard))
                        .With("percent", Math.Floor(used / hard * 100).ToString("0", CultureInfo.InvariantCulture))
                        .Saw(self, $"status.used[{resource}]", Quantities.Print(plain, used))
                        .Saw(self, $"status.hard[{resource}]", Quantities.Print(plain, hard))
                        .Done();
                }
            }
        }
    }
}
