using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>Shows stored objects under another served version: core Events as events.k8s.io/v1, autoscalers as autoscaling/v1, custom kinds as they are.</summary>
internal static class EventView
{
    private static readonly (string Core, string View)[] _renamed =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("count", "deprecatedCount"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"), ("reportingComponent", "reportingController"),
    ];

    public static JsonObject Convert(KindInfo kind, JsonObject stored)
    {
        var result = stored.Clone();
        result["apiVersion"] = kind.ApiVersion;
        if (kind.Kind == "Event")
        {
            Rename(result, p => p.Core, p => p.View);
        }
        else if (kind is { Kind: "HorizontalPodAutoscaler", Custom: false })
        {
            AutoscalerView.ToOld(result);
        }

        return result;
    }

    /// <summary>The stored form of an object that came in under another served version.</summary>
    public static JsonObject ConvertBack(KindInfo kind, JsonObject sent)
    {
        var result = sent.Clone();
        result["apiVersion"] = kind.Storage.ApiVersion;
        if (kind.Kind == "Event")
        {
            Rename(result, p => p.View, p => p.Core);
        }
        else if (kind is { Kind: "HorizontalPodAutoscaler", Custom: false })
        {
            AutoscalerView.ToStored(result);
        }

        return result;
    }

    private static void Rename(JsonObject obj, Func<(string Core, string View), string> from, Func<(string Core, string View), string> to)
    {
        foreach (var pair in _renamed)
        {
            if (obj.TryGetPropertyValue(from(pair), out var value))
            {
                obj.Remove(from(pair));
                obj[to(pair)] = value;
            }
        }
    }
}
