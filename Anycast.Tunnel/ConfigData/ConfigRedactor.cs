using System.Buffers;
using System.Text;
using System.Text.Json;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Tunnel.ConfigData;

/// <summary>
/// Makes of a ConfigMap what may leave the cluster under the customer's opt-in: keys and text values, bounded, without each line in which a
/// detector finds a secret, never binary values, never anything of another kind. Used by the agent, and by the service on what arrives.
/// </summary>
public static class ConfigRedactor
{
    /// <summary>No larger answer is read; the API server itself takes no ConfigMap above 1 MiB.</summary>
    public const int MostBytes = 2 * 1024 * 1024;

    /// <summary>Keys of one ConfigMap.</summary>
    public const int MostKeys = 200;

    /// <summary>Lines of one ConfigMap.</summary>
    public const int MostLines = 2000;

    private const int MostKeyLength = 253;

    // Kubernetes' own grammar for keys of a ConfigMap.
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    /// <summary>Reads the object that was asked for out of an answer of the API server.</summary>
    /// <exception cref="ProjectionException">It is no ConfigMap, or another one.</exception>
    public static ConfigText Redact(ConfigQuery query, ReadOnlyMemory<byte> json)
    {
        using var document = Parse(json);
        var root = document.RootElement;
        if (root.At("kind").Text() != "ConfigMap" || root.At("metadata", "name").Text() != query.Name || root.At("metadata", "namespace").Text() != query.Namespace)
        {
            throw new ProjectionException("WrongKind");
        }

        var entries = Properties(root, "data").Where(p => p.Value.ValueKind == JsonValueKind.String)
            .Select(p => new ConfigEntry(p.Name, p.Value.GetString()!.ReplaceLineEndings("\n").Split('\n'))).OrderBy(e => e.Key, StringComparer.Ordinal);
        return Redact([.. entries], Properties(root, "binaryData").Count(), cut: false);
    }

    /// <summary>The service's own look: what should not have come is withheld here.</summary>
    /// <returns>The text, and how much the agent had let through.</returns>
    public static (ConfigText Text, int Differences) Check(ConfigText text)
    {
        var own = Redact(text.Entries, text.Binary, text.Cut);
        var markers = text.Entries.Sum(e => (IsMarker(e.Key) ? 1 : 0) + e.Lines.Count(IsMarker));
        return (own, own.Withheld - markers);
    }

    private static ConfigText Redact(IReadOnlyList<ConfigEntry> entries, int binary, bool cut)
    {
        var output = new List<ConfigEntry>();
        var (withheld, room) = (0, MostLines);
        foreach (var entry in entries.Take(MostKeys))
        {
            // A key is a file's or a property's name: what is none does not pass as one.
            var fits = IsMarker(entry.Key) || (entry.Key.Length is > 0 and <= MostKeyLength && entry.Key.AsSpan().IndexOfAnyExcept(KeyCharacters) < 0 && !Detectors.Hit(Encoding.UTF8.GetBytes(entry.Key)));
            var key = fits ? entry.Key : Marker.ForString(entry.Key.Length);
            var secrets = new SecretLines();
            var lines = entry.Lines.Take(room).Select(secrets.Next).ToList();

            // A property's name may say what its value is: "password" on one line, the value on the next is as much as "password=value".
            if (lines is [var only] && !IsMarker(only) && Detectors.Hit(Encoding.UTF8.GetBytes($"{entry.Key}={only}")))
            {
                lines = [Marker.ForString(only.Length)];
                withheld++;
            }

            room -= lines.Count;
            cut |= lines.Count < entry.Lines.Count;
            withheld += secrets.Withheld + (IsMarker(key) ? 1 : 0);
            output.Add(new ConfigEntry(key, lines));
        }

        return new ConfigText(output, Math.Clamp(binary, 0, 10_000), withheld, cut || entries.Count > MostKeys);
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Projector.MaxDepth });
        }
        catch (JsonException e)
        {
            throw new ProjectionException("InvalidJson", e);
        }
    }

    private static IEnumerable<JsonProperty> Properties(JsonElement root, string name) =>
        root.At(name) is { ValueKind: JsonValueKind.Object } map ? map.EnumerateObject() : [];

    private static bool IsMarker(string text) => Marker.IsString(Encoding.UTF8.GetBytes(text));
}
