namespace Anycast.Sandbox.Schema;

/// <summary>How often a field holds its type.</summary>
internal enum FieldShape
{
    One,
    List,

    /// <summary>A map from texts to the type.</summary>
    Map,
}

/// <summary>One field of an API type.</summary>
/// <param name="Number">Its number in the protobuf form.</param>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Shape">One, a list or a map.</param>
/// <param name="Scalar">string, bool, int32, int64, bytes, time, microtime, quantity, intorstring, any, list:string; empty for an object.</param>
/// <param name="Optional">The JSON form leaves it out when it is zero.</param>
/// <param name="Inline">The fields of its type stand in place of it in JSON.</param>
/// <param name="Description">The first sentence of its documentation.</param>
internal sealed record SchemaField(int Number, string Name, FieldShape Shape, string Scalar, bool Optional, bool Inline, string Description)
{
    /// <summary>The type of an object field.</summary>
    public SchemaType? Type { get; set; }
}

/// <summary>An API type, such as <c>apps.v1.DeploymentSpec</c>, with the fields it has in its protobuf form.</summary>
internal sealed class SchemaType(string name, string description)
{
    private Dictionary<string, SchemaField>? _byName;

    public string Name { get; } = name;

    /// <summary>The name without package: <c>DeploymentSpec</c>.</summary>
    public string ShortName => Name[(Name.LastIndexOf('.') + 1)..];

    public string Description { get; } = description;

    /// <summary>An object of its own, which may name its kind and version even where it is embedded (volumeClaimTemplates).</summary>
    public bool IsObject => Members.ContainsKey("metadata") && !ShortName.Contains("Template", StringComparison.Ordinal);

    /// <summary>The fields as protobuf has them, inlined types as fields of their own.</summary>
    public List<SchemaField> Fields { get; } = [];

    /// <summary>The fields as JSON has them, those of inlined types among them.</summary>
    public IReadOnlyDictionary<string, SchemaField> Members =>
        _byName ??= Fields.SelectMany(f => f is { Inline: true, Type: { } type } ? type.Members.Values : [f]).ToDictionary(f => f.Name, StringComparer.Ordinal);
}
