using System.Globalization;
using Anycast.Sandbox.Kinds;

namespace Anycast.Sandbox.Schema;

/// <summary>
/// The types of the built-in kinds, from an embedded table that <c>eng/kubernetes-schema.py</c> writes from the Kubernetes sources.
/// It serves the protobuf reader, the check of unknown fields and <c>kubectl explain</c> alike.
/// </summary>
internal static class Schemas
{
    private static readonly Lazy<Dictionary<string, SchemaType>> _types = new(Load);

    public static IEnumerable<SchemaType> All => _types.Value.Values;

    /// <summary>The metadata that objects of every kind have.</summary>
    public static SchemaType ObjectMeta => _types.Value["meta.v1.ObjectMeta"];

    /// <summary>The type of a kind; null for custom kinds and the few built-in ones that take any field.</summary>
    public static SchemaType? Of(KindInfo kind) => kind.Custom ? null : Of(kind.ApiVersion, kind.Kind);

    /// <summary>The type that an apiVersion and a kind name.</summary>
    public static SchemaType? Of(string apiVersion, string kind)
    {
        // DeleteOptions are sent in the version of whatever is deleted.
        var package = kind == "DeleteOptions" ? "meta.v1"
            : apiVersion.Split('/') is [var group, var version] ? $"{group.Split('.')[0]}.{version}" : $"core.{apiVersion}";
        return _types.Value.GetValueOrDefault($"{package}.{kind}");
    }

    private static Dictionary<string, SchemaType> Load()
    {
        using var stream = typeof(Schemas).Assembly.GetManifestResourceStream("Anycast.Sandbox.Schema.kubernetes.txt")!;
        using var reader = new StreamReader(stream);
        var types = new Dictionary<string, SchemaType>(StringComparer.Ordinal);
        var references = new List<(SchemaField Field, string Type)>();
        SchemaType? current = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var (head, description) = line.Split('\t') is [var left, var right] ? (left, right) : (line, "");
            if (!line.StartsWith(' '))
            {
                types[head] = current = new SchemaType(head, description);
                continue;
            }

            var parts = head[1..].Split(' ');
            var field = Field(parts, description, out var type);
            current!.Fields.Add(field);
            if (field.Scalar.Length == 0)
            {
                references.Add((field, type));
            }
        }

        foreach (var (field, type) in references)
        {
            field.Type = types[type];
        }

        return types;
    }

    private static SchemaField Field(string[] parts, string description, out string type)
    {
        type = parts[2].TrimEnd('?');
        var shape = type.StartsWith("[]", StringComparison.Ordinal) ? FieldShape.List : type.StartsWith("{}", StringComparison.Ordinal) ? FieldShape.Map : FieldShape.One;
        type = shape == FieldShape.One ? type : type[2..];
        var scalar = type.Contains('.', StringComparison.Ordinal) ? "" : type;
        return new SchemaField(int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], shape, scalar, parts[2].EndsWith('?'), parts[1] == "~", description);
    }
}
