using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Anycast.Core.Clusters;
using Anycast.Core.Common.Tools;
using Anycast.Tunnel.Operations;

namespace Anycast.Core.Proposals;

/// <summary>One leaf to set.</summary>
[Description("One field to set.")]
public sealed record ProposedChange(
    [property: Description("Field path with list items named by their key, for instance spec.template.spec.containers[web].image, spec.replicas, spec.selector[app].")] string Path,
    [property: Description("New value as text; null removes the field.")] string? Value);

/// <summary>Arguments of <see cref="ProposeChangeTool"/>.</summary>
[Description("The change to propose.")]
public sealed record ProposeChangeArguments(
    [property: Description("Scale, Restart, SetImage, Patch, Suspend or Cordon.")] string Operation,
    [property: Description("Kind of the object to change, for instance Deployment.")] string Kind,
    [property: Description("Name of the object.")] string Name,
    [property: Description("The fields to set. Empty only for Restart.")] IReadOnlyList<ProposedChange> Changes,
    [property: Description("Its namespace; leave out for cluster-scoped kinds such as Node.")] string? Namespace = null);

/// <summary>
/// Makes a proposal: the cluster tries the change without storing it, and a person decides. It cannot execute anything, whatever the model says.
/// </summary>
public sealed class ProposeChangeTool(ProposalService proposals, TimeProvider clock) : Tool<ProposeChangeArguments>
{
    /// <summary>What kubectl sets for a restart: the time of it, which makes new pods.</summary>
    private const string RestartPath = "spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]";

    private static readonly HashSet<string> Operations =
        [OperationNames.Scale, OperationNames.Restart, OperationNames.SetImage, OperationNames.Patch, OperationNames.Suspend, OperationNames.Cordon];

    public override string Name => "propose_change";

    public override string Description =>
        "Proposes a change of stated fields of one object. The cluster tries it (dry run) and a person sees the difference and approves or rejects it; nothing changes before. Use values that stand in the evidence.";

    public override ToolEffect Effect => ToolEffect.Changing;

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, ProposeChangeArguments arguments, CancellationToken ct)
    {
        if (context.ClusterId is not { } clusterId)
        {
            return ClusterToolResults.NoCluster;
        }

        if (!Operations.Contains(arguments.Operation)
            || ClusterKinds.Find(arguments.Kind) is not { } kind
            || !KubernetesNames.IsName(arguments.Name)
            || kind.Namespaced != KubernetesNames.IsNamespace(arguments.Namespace)
            || arguments.Changes.Any(c => c is null))
        {
            return ToolResult.Fail("tool.arguments", "Operation, kind, name or namespace is not valid.");
        }

        var target = new OperationTarget(kind.Group, kind.Kind, arguments.Namespace ?? "", arguments.Name);
        LeafChange[] leaves = arguments is { Operation: OperationNames.Restart, Changes.Count: 0 }
            ? [new LeafChange(RestartPath, clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))]
            : [.. arguments.Changes.Select(c => new LeafChange(c.Path, c.Value))];
        var made = await proposals.ProposeAsync(
            context.Actor, context.TeamId, new ProposalRequest(clusterId, arguments.Operation, target, leaves, Name, 1, context.ConversationId, context.RunId), ct);
        if (!made.IsOk)
        {
            return ToolResult.Fail(made.Failure);
        }

        var row = made.Value;
        var output = new
        {
            proposal = row.Id,
            state = "waits for a person to approve or reject it; nothing has changed",
            risk = row.Risk.ToString(),
            expires = row.ExpiresAt,
            diff = ProposalJson.Diff(row.Diff).Take(20).Select(d => new { d.Path, d.Before, d.After, d.Requested }),
        };
        return new ToolResult(JsonSerializer.SerializeToElement(output, ToolJson.Options), Read: target.Namespace.Length == 0 ? $"{target.Kind} {target.Name}" : $"{target.Kind} {target.Namespace}/{target.Name}", ProposalId: row.Id);
    }
}
