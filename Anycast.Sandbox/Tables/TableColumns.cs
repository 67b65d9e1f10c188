using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Tables;

/// <summary>The printer columns per kind, as pkg/printers/internalversion of Kubernetes prints them.</summary>
internal static class TableColumns
{
    private static readonly Column _name = Column.Text("Name", o => o.Str("metadata", "name"));

    private static readonly Column _age = Column.Timed("Age", (o, now) => Age(o.Time("metadata", "creationTimestamp"), now));

    private static readonly Column[] _plain = [_name, _age];

    private static readonly Dictionary<string, Column[]> _byKind = CoreColumns.All.Concat(WorkloadColumns.All).Concat(ClusterColumns.All)
        .ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    /// <summary>The columns with Name first and Age after the last column that is not wide.</summary>
    public static IReadOnlyList<Column> Of(KindInfo kind)
    {
        if (!_byKind.TryGetValue(kind.Kind, out var own))
        {
            return _plain;
        }

        // Events begin with their own columns and have no age.
        return kind.Kind == "Event" ? own : [_name, .. own.Where(c => c.Priority == 0), _age, .. own.Where(c => c.Priority > 0)];
    }

    public static JsonArray Definitions(KindInfo kind) => Json.ToArray(Of(kind).Select(c => (JsonNode)new JsonObject
    {
        ["name"] = c.Name,
        ["type"] = c.Type,
        ["format"] = c.Name == "Name" ? "name" : "",
        ["description"] = c.Name,
        ["priority"] = c.Priority,
    }));

    public static IEnumerable<JsonNode?> Cells(KindInfo kind, JsonObject obj, DateTimeOffset now) => Of(kind).Select(c => c.Cell(obj, now));

    /// <summary>Time since an instant as kubectl prints it (k8s.io/apimachinery/pkg/util/duration HumanDuration).</summary>
    public static string Age(DateTimeOffset? since, DateTimeOffset now) => since is { } start ? Duration(now - start) : "<unknown>";

    public static string Duration(TimeSpan time)
    {
        var seconds = (long)Math.Max(0, time.TotalSeconds);
        long minutes = seconds / 60, hours = seconds / 3600, days = hours / 24, years = days / 365;
        string Two(long large, string largeUnit, long small, string smallUnit) => small == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{large}{largeUnit}")
            : string.Create(CultureInfo.InvariantCulture, $"{large}{largeUnit}{small}{smallUnit}");
        return seconds < 120 ? Two(seconds, "s", 0, "")
            : minutes < 10 ? Two(minutes, "m", seconds % 60, "s")
            : minutes < 180 ? Two(minutes, "m", 0, "")
            : hours < 8 ? Two(hours, "h", minutes % 60, "m")
            : hours < 48 ? Two(hours, "h", 0, "")
            : days < 8 ? Two(days, "d", hours % 24, "h")
            : days < 730 ? Two(days, "d", 0, "")
            : Two(years, "y", days % 365, "d");
    }
}
