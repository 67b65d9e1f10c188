using System.Text;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Operations;

/// <summary>How a patched leaf is written as JSON.</summary>
public enum LeafForm
{
    Text = 1,
    Number,
    Boolean,

    /// <summary>A number when it is one, else a text (Kubernetes' IntOrString).</summary>
    NumberOrText,
}

/// <summary>One leaf that may be patched.</summary>
/// <param name="Pattern">Its path, with <c>[*]</c> for any key.</param>
/// <param name="Leaf">The type its value must fit.</param>
/// <param name="Form">Its JSON form.</param>
/// <param name="Operations">The operations that may set it, besides <see cref="OperationNames.Patch"/>.</param>
/// <param name="Keys">The last key, where only some are allowed.</param>
public sealed record PatchableLeaf(string Pattern, LeafType Leaf, LeafForm Form, string? Operations = null, string[]? Keys = null)
{
    internal string[] Parts { get; } = Split(Pattern);

    private static string[] Split(string pattern) => pattern.Replace("[*]", ".[*]", StringComparison.Ordinal).Split('.');
}

/// <summary>
/// The table of leaves that the agent may patch, per kind, compiled in on both sides. The agent decides; the service uses the same
/// table to refuse early. Everything else, and every other kind, is refused.
/// </summary>
public static class PatchableLeaves
{
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";
    private static readonly string[] ResourceNames = ["cpu", "memory", "ephemeral-storage"];
    private static readonly string[] RestartKey = [RestartedAt];

    private static readonly PatchableLeaf[] Template =
    [
        new("spec.template.spec.containers[*].image", LeafType.Image, LeafForm.Text, OperationNames.SetImage),
        new("spec.template.spec.initContainers[*].image", LeafType.Image, LeafForm.Text, OperationNames.SetImage),
        new("spec.template.spec.containers[*].resources.limits[*]", LeafType.Quantity, LeafForm.Text, Keys: ResourceNames),
        new("spec.template.spec.containers[*].resources.requests[*]", LeafType.Quantity, LeafForm.Text, Keys: ResourceNames),
        .. Probe("readinessProbe"),
        .. Probe("livenessProbe"),
        .. Probe("startupProbe"),
        new("spec.template.spec.nodeSelector[*]", LeafType.Name, LeafForm.Text),
        new("spec.template.metadata.annotations[*]", LeafType.Time, LeafForm.Text, OperationNames.Restart, RestartKey),
    ];

    private static readonly Dictionary<(string Group, string Kind), PatchableLeaf[]> Table = new()
    {
        [("apps", "Deployment")] =
        [
            new("spec.replicas", LeafType.Int, LeafForm.Number, OperationNames.Scale),
            new("spec.paused", LeafType.Bool, LeafForm.Boolean, OperationNames.Suspend),
            .. Template,
        ],
        [("apps", "StatefulSet")] = [new("spec.replicas", LeafType.Int, LeafForm.Number, OperationNames.Scale), .. Template],
        [("apps", "DaemonSet")] = Template,
        [("batch", "CronJob")] = [new("spec.suspend", LeafType.Bool, LeafForm.Boolean, OperationNames.Suspend)],
        [("batch", "Job")] = [new("spec.suspend", LeafType.Bool, LeafForm.Boolean, OperationNames.Suspend)],
        [("", "Service")] =
        [
            new("spec.selector[*]", LeafType.Name, LeafForm.Text),
            new("spec.ports[*].targetPort", LeafType.Port, LeafForm.NumberOrText),
        ],
        [("networking.k8s.io", "Ingress")] =
        [
            new("spec.ingressClassName", LeafType.Name, LeafForm.Text),
            new("spec.rules[*].http.paths[*].backend.service.name", LeafType.Name, LeafForm.Text),
            new("spec.rules[*].http.paths[*].backend.service.port.number", LeafType.Int, LeafForm.Number),
            new("spec.rules[*].http.paths[*].backend.service.port.name", LeafType.Port, LeafForm.Text),
        ],
        [("", "Node")] = [new("spec.unschedulable", LeafType.Bool, LeafForm.Boolean, OperationNames.Cordon)],
        [("autoscaling", "HorizontalPodAutoscaler")] =
        [
            new("spec.minReplicas", LeafType.Int, LeafForm.Number, OperationNames.Scale),
            new("spec.maxReplicas", LeafType.Int, LeafForm.Number, OperationNames.Scale),
        ],
    };

    /// <summary>The kinds that have such leaves.</summary>
    public static IEnumerable<(string Group, string Kind)> Kinds => Table.Keys;

    /// <summary>The entry for a path of a kind, when this operation may set it; else null.</summary>
    public static PatchableLeaf? Find(string operation, string group, string kind, FieldPath path)
    {
        if (!Table.TryGetValue((group, kind), out var leaves))
        {
            return null;
        }

        return Array.Find(leaves, l => Matches(l, path) && (operation == OperationNames.Patch || l.Operations == operation));
    }

    /// <summary>Whether a value may be written to a leaf: of its type, and no marker of something withheld.</summary>
    public static bool Accepts(PatchableLeaf leaf, string? value)
    {
        if (value is null)
        {
            return true;
        }

        if (value.Length is 0 or > 512 || Marker.IsIn(value) || !Ascii.IsValid(value))
        {
            return false;
        }

        var utf8 = Encoding.ASCII.GetBytes(value);
        return LeafGrammar.Fits(leaf.Leaf, utf8) && (leaf.Form != LeafForm.Number || (int.TryParse(value, out var number) && number is >= 0 and <= 1_000_000));
    }

    private static bool Matches(PatchableLeaf leaf, FieldPath path)
    {
        var parts = leaf.Parts;
        if (parts.Length != path.Steps.Count)
        {
            return false;
        }

        for (var i = 0; i < parts.Length; i++)
        {
            var step = path.Steps[i];
            if (step.IsKey ? parts[i] != "[*]" : parts[i] != step.Text)
            {
                return false;
            }
        }

        var last = path.Steps[^1];
        return leaf.Keys is null || leaf.Keys.Contains(last.Text, StringComparer.Ordinal);
    }

    private static PatchableLeaf[] Probe(string probe)
    {
        var at = $"spec.template.spec.containers[*].{probe}";
        return
        [
            new($"{at}.httpGet.port", LeafType.Port, LeafForm.NumberOrText),
            new($"{at}.httpGet.path", LeafType.Path, LeafForm.Text),
            new($"{at}.tcpSocket.port", LeafType.Port, LeafForm.NumberOrText),
            new($"{at}.initialDelaySeconds", LeafType.Int, LeafForm.Number),
            new($"{at}.periodSeconds", LeafType.Int, LeafForm.Number),
            new($"{at}.timeoutSeconds", LeafType.Int, LeafForm.Number),
            new($"{at}.failureThreshold", LeafType.Int, LeafForm.Number),
        ];
    }
}
