using System.Text.Json;

namespace Anycast.Core.Clusters.Inventory;

/// <summary>An object whose name the inventory holds.</summary>
public sealed record InventoryEntry(string Name, DateTimeOffset? CreatedAt);

/// <summary>
/// Names of Secrets and ConfigMaps, where the customer runs the inventory (add-on). It says that something is missing only where a whole and
/// fresh list does not name it; otherwise nothing is known.
/// </summary>
public sealed class ClusterInventory
{
    /// <summary>A list older than this is no longer kept: its keeper writes every ten minutes.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(25);

    private readonly Dictionary<(string Namespace, string Kind), List> _lists;

    private ClusterInventory(IEnumerable<List> lists) => _lists = lists.GroupBy(l => (l.Namespace, l.Kind)).ToDictionary(g => g.Key, g => g.First());

    /// <summary>There is none, or it may not be read.</summary>
    public static ClusterInventory None { get; } = new([]);

    /// <summary>Nothing is known of anything.</summary>
    public bool IsEmpty => _lists.Count == 0;

    /// <summary>Whether an object is there; null when that is not known.</summary>
    public bool? Has(string kind, string ns, string name) =>
        !_lists.TryGetValue((ns, kind), out var list) ? null
        : list.Entries.ContainsKey(name) ? true
        : list.IsWhole ? false : null;

    /// <summary>What is known of an object that is there.</summary>
    public InventoryEntry? Find(string kind, string ns, string name) => _lists.GetValueOrDefault((ns, kind))?.Entries.GetValueOrDefault(name);

    /// <summary>Reads the projected lists.</summary>
    internal static ClusterInventory Of(IEnumerable<JsonElement> objects, DateTimeOffset now) => new(objects.Select(o => Read(o, now)).OfType<List>());

    private static List? Read(JsonElement json, DateTimeOffset now)
    {
        var metadata = json.TryGetProperty("metadata", out var found) ? found : default;
        var spec = json.TryGetProperty("spec", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        var (ns, kind) = (Text(metadata, "namespace"), Text(spec, "of"));
        if (ns.Length == 0 || kind is not ("Secret" or "ConfigMap") || !spec.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var fresh = Time(spec, "observedAt") is { } at && now - at <= Fresh;
        var whole = spec.TryGetProperty("complete", out var complete) && complete.ValueKind == JsonValueKind.True;
        var entries = new Dictionary<string, InventoryEntry>(StringComparer.Ordinal);
        foreach (var item in items.EnumerateArray())
        {
            var name = Text(item, "name");
            entries[name] = new InventoryEntry(name, Time(item, "createdAt"));
        }

        return new List(ns, kind, fresh && whole, entries);
    }

    private static DateTimeOffset? Time(JsonElement json, string name) =>
        DateTimeOffset.TryParse(Text(json, name), System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    private static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private sealed record List(string Namespace, string Kind, bool IsWhole, IReadOnlyDictionary<string, InventoryEntry> Entries);
}
