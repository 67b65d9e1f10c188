using System.Buffers;
using System.Text.Json;
using Anycast.Tunnel.Rights;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Rights;

/// <summary>Request and answer of a SelfSubjectRulesReview (authorization.k8s.io/v1).</summary>
internal static class RightsReview
{
    public static byte[] Request(string ns)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("apiVersion", "authorization.k8s.io/v1");
        json.WriteString("kind", "SelfSubjectRulesReview");
        json.WriteStartObject("spec");
        json.WriteString("namespace", ns);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The rules, and whether the API server says that they are all (an authorizer that can't list its rules leaves some out).</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static (IReadOnlyList<RoleRule> Rules, bool Complete) Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var status = document.RootElement.At("status");
        var rules = new List<RoleRule>();
        foreach (var rule in status.At("resourceRules").Items())
        {
            rules.Add(new RoleRule(Words(rule.At("apiGroups")), Words(rule.At("resources")), Words(rule.At("verbs")), Words(rule.At("resourceNames")), []));
        }

        foreach (var rule in status.At("nonResourceRules").Items())
        {
            rules.Add(new RoleRule([], [], Words(rule.At("verbs")), [], Words(rule.At("nonResourceURLs"))));
        }

        return (rules, status.ValueKind == JsonValueKind.Object && status.At("incomplete").ValueKind != JsonValueKind.True);
    }

    private static string[] Words(JsonElement list) => [.. list.Items().Select(w => w.Text())];
}
