using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Tables;

/// <summary>One printer column (meta.k8s.io/v1 TableColumnDefinition) and how to fill it.</summary>
/// <param name="Name">Header.</param>
/// <param name="Type">string, integer, date.</param>
/// <param name="Priority">0 for always, 1 for <c>-o wide</c>.</param>
/// <param name="Cell">The value for one object at a time.</param>
internal sealed record Column(string Name, string Type, int Priority, Func<JsonObject, DateTimeOffset, JsonNode?> Cell)
{
    public static Column Text(string name, Func<JsonObject, string> cell, bool wide = false) =>
        new(name, "string", wide ? 1 : 0, (o, _) => cell(o) is { Length: > 0 } text ? text : "<none>");

    public static Column Number(string name, Func<JsonObject, long> cell, bool wide = false) =>
        new(name, "integer", wide ? 1 : 0, (o, _) => cell(o));

    public static Column Timed(string name, Func<JsonObject, DateTimeOffset, string> cell, bool wide = false) =>
        new(name, "string", wide ? 1 : 0, (o, now) => cell(o, now));
}
