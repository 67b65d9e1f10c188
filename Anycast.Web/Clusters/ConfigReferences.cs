using System.Text.Json;

namespace Anycast.Web.Clusters;

/// <summary>A ConfigMap or Secret that a workload names, with the keys it names.</summary>
/// <param name="Kind"><c>ConfigMap</c> or <c>Secret</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Keys">Keys that are named, by key; none where the whole is used.</param>
/// <param name="Optional">It need not be there.</param>
public sealed record ConfigReference(string Kind, string Name, IReadOnlyList<string> Keys, bool Optional);

/// <summary>What a pod, or the template of a workload, refers to. The names stand in the workload; no right to the objects themselves is needed.</summary>
public static class ConfigReferences
{
    private const int Most = 60;

    /// <summary>By kind and name.</summary>
    public static IReadOnlyList<ConfigReference> Of(JsonElement root)
    {
        var spec = At(root, "spec");
        var pod = At(spec, "jobTemplate", "spec", "template", "spec") is { ValueKind: JsonValueKind.Object } ofJob ? ofJob
            : At(spec, "template", "spec") is { ValueKind: JsonValueKind.Object } ofTemplate ? ofTemplate : spec;
        return [.. Parts(pod).Where(p => p.Name.Length > 0).GroupBy(p => (p.Kind, p.Name))
            .Select(g => new ConfigReference(g.Key.Kind, g.Key.Name, [.. g.Select(p => p.Key).Where(k => k.Length > 0).Distinct().Order(StringComparer.Ordinal)], g.All(p => p.Optional)))
            .OrderBy(r => r.Kind, StringComparer.Ordinal).ThenBy(r => r.Name, StringComparer.Ordinal).Take(Most)];
    }

    private static IEnumerable<Part> Parts(JsonElement pod)
    {
        foreach (var container in Items(pod, "initContainers").Concat(Items(pod, "containers")))
        {
            foreach (var from in Items(container, "envFrom"))
            {
                yield return Whole("ConfigMap", At(from, "configMapRef"), "name");
                yield return Whole("Secret", At(from, "secretRef"), "name");
            }

            foreach (var from in Items(container, "env").Select(e => At(e, "valueFrom")))
            {
                yield return Key("ConfigMap", At(from, "configMapKeyRef"));
                yield return Key("Secret", At(from, "secretKeyRef"));
            }
        }

        foreach (var volume in Items(pod, "volumes"))
        {
            yield return Whole("ConfigMap", At(volume, "configMap"), "name");
            yield return Whole("Secret", At(volume, "secret"), "secretName");
            foreach (var source in Items(At(volume, "projected"), "sources"))
            {
                yield return Whole("ConfigMap", At(source, "configMap"), "name");
                yield return Whole("Secret", At(source, "secret"), "name");
            }
        }

        foreach (var pull in Items(pod, "imagePullSecrets"))
        {
            yield return Whole("Secret", pull, "name");
        }
    }

    private static Part Whole(string kind, JsonElement reference, string field) => new(kind, Text(reference, field), "", At(reference, "optional").ValueKind == JsonValueKind.True);

    private static Part Key(string kind, JsonElement reference) => Whole(kind, reference, "name") with { Key = Text(reference, "key") };

    private static JsonElement At(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            element = element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var next) ? next : default;
        }

        return element;
    }

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) => At(element, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    private static string Text(JsonElement element, string name) => At(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private sealed record Part(string Kind, string Name, string Key, bool Optional);
}
