using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Anycast.Tunnel.Projection;
using k8s.Models;

namespace Anycast.Tests.Tunnel;

/// <summary>
/// Makes objects of a Kubernetes model type by reflection, each text leaf holding either a canary in the shape of a secret, or,
/// where the allow-list lets names pass, a value that must arrive.
/// </summary>
internal sealed class CanaryObjects(int seed)
{
    /// <summary>In every canary, in one of its encodings.</summary>
    public static readonly string[] Traces = ["canary-7q", "canary7q", "Y2FuYXJ5LTdx", "63616e6172792d3771", "canary%2D7q"];

    private const string Arrives = "arrives-";
    private readonly Random random = new(seed);
    private int next;

    /// <summary>How many values must arrive of the last object.</summary>
    public int Arriving { get; private set; }

    /// <summary>How many canaries the last object holds.</summary>
    public int Planted { get; private set; }

    public static int CountArrived(string text) => text.Split(Arrives).Length - 1;

    public static bool HasTrace(string text) => Traces.Any(t => text.Contains(t, StringComparison.OrdinalIgnoreCase));

    /// <summary>The text around the first trace.</summary>
    public static string Around(string text)
    {
        var at = Traces.Select(t => text.IndexOf(t, StringComparison.OrdinalIgnoreCase)).Where(i => i >= 0).Min();
        return text[Math.Max(0, at - 60)..Math.Min(text.Length, at + 60)];
    }

    public byte[] Make(Type type, string kind)
    {
        (Arriving, Planted) = (0, 0);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            Object(json, type, RedactionSpecification.Current.For(kind), 0, kind);
        }

        return stream.ToArray();
    }

    private void Object(Utf8JsonWriter json, Type type, FieldNode? node, int depth, string? kind = null)
    {
        json.WriteStartObject();
        if (kind is not null)
        {
            json.WriteString("kind", kind);
        }

        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name;
            if (name is null or "kind" || depth > 9 || (depth > 1 && random.Next(100) < 62))
            {
                continue;
            }

            json.WritePropertyName(name);
            Value(json, property.PropertyType, node?.Children.FirstOrDefault(c => c.Name == name), depth + 1);
        }

        // A field of a later version of Kubernetes.
        json.WriteString("futureField", Shape(LeafType.None));
        json.WriteEndObject();
    }

    private void Value(Utf8JsonWriter json, Type type, FieldNode? node, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(IntOrString) || type == typeof(ResourceQuantity))
        {
            Text(json, node?.Leaf ?? LeafType.None);
        }
        else if (type == typeof(int) || type == typeof(long) || type == typeof(double))
        {
            json.WriteNumberValue(random.Next(1, 1000));
        }
        else if (type == typeof(bool))
        {
            json.WriteBooleanValue(true);
        }
        else if (type == typeof(DateTime))
        {
            json.WriteStringValue("2026-01-01T00:00:00Z");
        }
        else if (type == typeof(byte[]))
        {
            json.WriteStringValue(Convert.ToBase64String(Encoding.UTF8.GetBytes(Shape(LeafType.None))));
        }
        else if (type.IsGenericType && typeof(IDictionary).IsAssignableFrom(type.GetGenericTypeDefinition()) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>)))
        {
            Map(json, type.GetGenericArguments()[1], node, depth);
        }
        else if (type.IsGenericType)
        {
            json.WriteStartArray();
            for (var i = random.Next(1, 3); i > 0; i--)
            {
                if (node?.Leaf == LeafType.Argv)
                {
                    // The base name of a command may pass, so a plain word proves nothing there.
                    json.WriteStringValue(Shape(LeafType.Name));
                    continue;
                }

                Value(json, type.GetGenericArguments()[0], node?.Item, depth + 1);
            }

            json.WriteEndArray();
        }
        else if (type == typeof(object) || type == typeof(JsonElement))
        {
            json.WriteStartObject();
            json.WriteString(Shape(LeafType.None), Shape(LeafType.None));
            json.WriteEndObject();
        }
        else
        {
            Object(json, type, node, depth);
        }
    }

    private void Map(Utf8JsonWriter json, Type value, FieldNode? node, int depth)
    {
        json.WriteStartObject();
        // As a label's value a plain word is a name, and may pass.
        json.WriteString("kubectl.kubernetes.io/last-applied-configuration", Shape(node?.Leaf == LeafType.Labels ? LeafType.Name : LeafType.None));
        json.WriteString("key with canary-7q " + next++, Shape(LeafType.None));
        json.WritePropertyName("example.com/key" + next++);
        if (node?.Leaf == LeafType.Labels)
        {
            Text(json, LeafType.Name);
        }
        else
        {
            Value(json, value, null, depth + 1);
        }

        json.WriteEndObject();
    }

    private void Text(Utf8JsonWriter json, LeafType leaf)
    {
        if (leaf is LeafType.Name or LeafType.Host && random.Next(3) == 0)
        {
            Arriving++;
            json.WriteStringValue(Arrives + next++);
            return;
        }

        json.WriteStringValue(Shape(leaf));
    }

    /// <summary>A canary. Where the leaf takes names, only shapes that look like secrets: a plain word there is a name.</summary>
    private string Shape(LeafType leaf)
    {
        Planted++;
        var id = next++;
        var tail = $"{id:x6}";
        var plain = leaf is LeafType.None or LeafType.Present or LeafType.Msg or LeafType.Uuid or LeafType.Int or LeafType.Bool or LeafType.Time or LeafType.Ip or LeafType.Cron;
        return random.Next(plain ? 12 : 10) switch
        {
            0 => $"password=canary-7q{tail}",
            1 => $"https://user:canary-7q{tail}@example.com/x",
            2 => $"-----BEGIN PRIVATE KEY-----\ncanary-7q{tail}",
            3 => "Y2FuYXJ5LTdx" + Convert.ToBase64String(Encoding.ASCII.GetBytes($" is the secret {id:000}")),
            4 => "63616e6172792d3771" + Convert.ToHexStringLower(Encoding.ASCII.GetBytes($"secret value {tail}")),
            5 => $"ghp_canary7q{Random36(28)}",
            6 => $"Bearer canary-7q{tail}",
            7 => $"eyJhbGciOiJIUzI1NiJ9.Y2FuYXJ5LTdx{Random36(30)}.{Random36(43)}",
            8 => $"canary7q{Random36(32)}",
            9 => $"{{\"token\": \"canary-7q{tail}\"}}",
            10 => $"canary-7q{tail}",
            _ => $"CANARY7Q{tail}",
        };
    }

    private string Random36(int length) => string.Create(length, random, static (span, r) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[r.Next(62)];
        }

        span[0] = '9';
        span[^1] = 'z';
    });
}
