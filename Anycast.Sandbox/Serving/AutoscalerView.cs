using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>
/// Autoscalers as autoscaling/v1, which knows one figure: how much CPU. What it has no word for stands in an annotation, as a real API server
/// keeps it, so that an object that goes through the old version loses nothing.
/// </summary>
internal static class AutoscalerView
{
    private const string Metrics = "autoscaling.alpha.kubernetes.io/metrics";

    /// <summary>From autoscaling/v2.</summary>
    public static void ToOld(JsonObject obj)
    {
        if (obj["spec"] is JsonObject spec)
        {
            var metrics = spec.Items("metrics").ToList();
            if (metrics.Find(IsCpu) is { } cpu)
            {
                spec["targetCPUUtilizationPercentage"] = cpu.At("resource", "target", "averageUtilization")!.DeepClone();
            }

            var others = metrics.Where(m => !IsCpu(m)).Select(m => m.DeepClone()).ToArray();
            if (others.Length > 0)
            {
                obj.Ensure("metadata").Ensure("annotations")[Metrics] = new JsonArray([.. others]).ToJsonString();
            }

            spec.Remove("metrics");
            spec.Remove("behavior");
        }

        if (obj["status"] is JsonObject status)
        {
            if (status.Items("currentMetrics").FirstOrDefault(m => m.Str("resource", "name") == "cpu")?.At("resource", "current", "averageUtilization") is { } used)
            {
                status["currentCPUUtilizationPercentage"] = used.DeepClone();
            }

            status.Remove("currentMetrics");
            status.Remove("conditions");
        }
    }

    /// <summary>To autoscaling/v2.</summary>
    public static void ToStored(JsonObject obj)
    {
        if (obj["spec"] is not JsonObject spec)
        {
            return;
        }

        var metrics = new JsonArray();
        if (spec["targetCPUUtilizationPercentage"] is { } percent)
        {
            metrics.Add(new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject { ["name"] = "cpu", ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = percent.DeepClone() } },
            });
        }

        if (obj.Str("metadata", "annotations", Metrics) is { Length: > 0 } kept && JsonNode.Parse(kept) is JsonArray others)
        {
            others.ToList().ForEach(o => metrics.Add(o!.DeepClone()));
            obj["metadata"]!["annotations"]!.AsObject().Remove(Metrics);
        }

        spec.Remove("targetCPUUtilizationPercentage");
        if (metrics.Count > 0)
        {
            spec["metrics"] = metrics;
        }

        (obj["status"] as JsonObject)?.Remove("currentCPUUtilizationPercentage");
    }

    private static bool IsCpu(JsonNode metric) => metric.Str("resource", "name") == "cpu" && metric.Str("resource", "target", "type") == "Utilization";
}
