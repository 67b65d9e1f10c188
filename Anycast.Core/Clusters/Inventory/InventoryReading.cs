using System.Text.Json;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;

namespace Anycast.Core.Clusters.Inventory;

/// <summary>Reads the inventory over one link. A cluster without it, or without the right to it, has none: that is no failure.</summary>
internal static class InventoryReading
{
    private const int MostPages = 20;

    /// <param name="ns">Only this namespace; null or empty for all.</param>
    public static async Task<Outcome<ClusterInventory>> RunAsync(ClusterReader reader, ClusterScope scope, string? ns, TimeProvider clock, CancellationToken ct)
    {
        var path = "/apis/agent.anycast.io/v1" + (string.IsNullOrEmpty(ns) ? "" : $"/namespaces/{Uri.EscapeDataString(ns)}") + "/objectinventories?limit=100";
        var objects = new List<JsonElement>();
        var next = "";
        for (var page = 0; page < MostPages; page++)
        {
            var body = await reader.ReadBytesAsync(path + (next.Length == 0 ? "" : "&continue=" + Uri.EscapeDataString(next)), ct);
            if (!body.IsOk)
            {
                return body.Failure.Kind is FailureKind.NotFound or FailureKind.Forbidden ? ClusterInventory.None : body.Failure;
            }

            try
            {
                using var document = JsonDocument.Parse(body.Value);
                var root = document.RootElement;
                objects.AddRange(root.GetProperty("items").EnumerateArray().Select(o => o.Clone()).Where(o => scope.Allows(Namespace(o))));
                next = root.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("continue", out var token) ? token.GetString() ?? "" : "";
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                return ClusterFailures.Broken;
            }

            if (next.Length == 0)
            {
                break;
            }
        }

        return ClusterInventory.Of(objects, clock.GetUtcNow());
    }

    private static string Namespace(JsonElement item) =>
        item.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("namespace", out var ns) && ns.ValueKind == JsonValueKind.String ? ns.GetString()! : "";
}
