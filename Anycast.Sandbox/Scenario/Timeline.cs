using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Patching;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Scenario;

/// <summary>
/// Plays the history of the cluster: every manifest and patch is applied at its time in the past, as people with kubectl did,
/// and the controllers live through the time between.
/// </summary>
internal sealed partial class Timeline(ResourceWriter writer, CanaryMint canaries)
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private static readonly string[] _always = ["system.yaml", "access.yaml"];
    private static readonly WriteBy _kubectl = new("kubectl-client-side-apply");

    public static void Play(ResourceWriter writer, ControllerLoop? controllers, SimulatedTime time, CanaryMint canaries, SandboxOptions options)
    {
        var timeline = new Timeline(writer, canaries);
        var now = time.Clock.GetUtcNow();
        var steps = Manifests.Read("timeline.yaml")[0].AsArray().OfType<JsonObject>()
            .Where(s => options.Scenario || _always.Contains(s.Str("apply")))
            .Select(s => (At: now - Ago(s.Str("ago")), Step: s))
            .OrderBy(s => s.At)
            .ToList();
        time.TravelTo(steps[0].At);
        controllers?.Listen();
        foreach (var node in NodeFactory.All(options.Pods, time.Now, canaries))
        {
            writer.Store.Write(BuiltIn.Node, new ObjectKey("", node.Str("metadata", "name")), _ => node, new WriteBy("kubelet", WritePart.Everything));
        }

        foreach (var (at, step) in steps)
        {
            controllers?.RunUntil(at);
            time.TravelTo(at);
            timeline.Take(step);
        }

        controllers?.RunUntil(now);
        using (controllers?.Deaf())
        {
            new LoadGenerator(writer, canaries, options.Seed).Add(options.Pods, now);
        }

        time.GoLive();
    }

    private void Take(JsonObject step)
    {
        if (step.Str("apply") is { Length: > 0 } file)
        {
            foreach (var obj in Yaml.ParseAll(Plant(Manifests.Text(file), file)).OfType<JsonObject>())
            {
                Apply(obj);
            }

            return;
        }

        var target = step.Obj("patch");
        var kind = writer.Store.Kinds.ByName(target.Str("kind"))!;
        writer.Update(
            kind,
            new ObjectKey(target.Str("namespace"), target.Str("name")),
            current => Apply(current, step.Obj("with")),
            _kubectl);
    }

    /// <summary>A patch as a second apply: the configuration that kubectl remembers changes with the object.</summary>
    private static JsonObject Apply(JsonObject current, JsonObject change)
    {
        var next = StrategicMergePatch.Apply(current, change);
        if (next.Str("metadata", "annotations", LastApplied) is { Length: > 0 } remembered && JsonNode.Parse(remembered) is JsonObject configuration)
        {
            next.Ensure("metadata", "annotations")[LastApplied] = StrategicMergePatch.Apply(configuration, change).ToJsonString() + "\n";
        }

        return next;
    }

    private void Apply(JsonObject obj)
    {
        var kind = writer.Store.Kinds.ByType(obj.Str("apiVersion"), obj.Str("kind")) ?? throw new InvalidOperationException($"Unknown kind {obj.Str("kind")} in a manifest.");
        var ns = obj.Str("metadata", "namespace");
        if (kind == BuiltIn.Secret)
        {
            foreach (var (_, value) in obj.Obj("stringData"))
            {
                canaries.Also(Convert.ToBase64String(Encoding.UTF8.GetBytes(Json.Text(value))));
            }
        }

        if (kind.Group != "rbac.authorization.k8s.io" && kind != BuiltIn.Namespace)
        {
            var configuration = obj.Clone();
            configuration.Ensure("metadata", "annotations");
            obj.Ensure("metadata", "annotations")[LastApplied] = configuration.ToJsonString() + "\n";
        }

        writer.Create(kind, ns, obj, _kubectl);
        if (kind == BuiltIn.Namespace)
        {
            NamespaceController.Furnish(obj.Str("metadata", "name"), writer);
        }
    }

    /// <summary>Puts canary values where a manifest asks for them: <c>&lt;&lt;canary:env&gt;&gt;</c> or <c>&lt;&lt;secret&gt;&gt;</c>.</summary>
    private string Plant(string text, string file)
    {
        var count = 0;
        return Placeholder().Replace(text, match =>
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{file}/{++count}");
            return match.Groups[1].Success ? canaries.Mint(match.Groups[1].Value, place) : canaries.Shaped(place);
        });
    }

    private static TimeSpan Ago(string text)
    {
        var number = double.Parse(text[..^1], CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            'd' => TimeSpan.FromDays(number),
            'h' => TimeSpan.FromHours(number),
            _ => TimeSpan.FromMinutes(number),
        };
    }

    [GeneratedRegex("<<(?:canary:([a-z]+)|secret)>>")]
    private static partial Regex Placeholder();
}
