using System.Buffers;
using System.Text.Json;
using Anycast.Agent.Policy;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Inventory;

/// <summary>What the inventory keeps of one object: its name, its age, and the labels that pass. Made of projected metadata alone.</summary>
internal sealed record InventoryItem(string Namespace, string Name, string CreatedAt, IReadOnlyList<KeyValuePair<string, string>> Labels, string ResourceVersion)
{
    /// <summary>Kind of what is asked for: metadata alone. Anything else, such as a whole Secret, is not looked at.</summary>
    public const string Form = "PartialObjectMetadata";

    private const int MostLabels = 20;
    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    /// <summary>Reads one object; the name is empty when it does not pass.</summary>
    /// <exception cref="ProjectionException">It is no metadata of an object.</exception>
    public static InventoryItem Read(ReadOnlySpan<byte> json)
    {
        RequireForm(json);
        var projected = Projector.Current.Project(Form, json);
        using var document = JsonDocument.Parse(projected.Json);
        var metadata = document.RootElement.At("metadata");
        var name = metadata.At("name").Text();
        var labels = metadata.At("labels") is { ValueKind: JsonValueKind.Object } map
            ? map.EnumerateObject().Where(l => IsPlain(l.Value.Text())).Take(MostLabels).Select(l => KeyValuePair.Create(l.Name, l.Value.GetString()!)).ToList()
            : [];
        return new InventoryItem(
            metadata.At("namespace").Text(),
            AccessPolicy.IsName(name) ? name : "",
            metadata.At("creationTimestamp").Text(),
            labels,
            metadata.At("resourceVersion").Text());
    }

    /// <summary>As Kubernetes writes a label's value; what the projection withheld has a marker in its place, which is none.</summary>
    private static bool IsPlain(string value) => value.Length <= 63 && value.AsSpan().IndexOfAnyExcept(LabelCharacters) < 0;

    /// <summary>A server that does not know the form may answer with whole objects.</summary>
    private static void RequireForm(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Projector.MaxDepth });
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isKind = reader.ValueTextEquals("kind"u8);
                reader.Read();
                if (isKind && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("PartialObjectMetadata"u8))
                {
                    return;
                }

                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ProjectionException("InvalidJson", e);
        }

        throw new ProjectionException("WrongKind");
    }
}
