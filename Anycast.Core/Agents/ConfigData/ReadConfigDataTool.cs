using System.ComponentModel;
using System.Text.Json;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common.Tools;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.OptIns;

namespace Anycast.Core.Agents.ConfigData;

/// <summary>Arguments of <see cref="ReadConfigDataTool"/>.</summary>
[Description("Which ConfigMap to read.")]
public sealed record ConfigDataArguments(
    [property: Description("Name of the ConfigMap, as a workload refers to it.")] string Name,
    [property: Description("Its namespace.")] string Namespace);

/// <summary>
/// Reads a ConfigMap where the customer's opt-in allows it. Models are told of it only in clusters that have such an opt-in; whether it holds is
/// decided by the agent, at each call. What it read is not kept with the conversation.
/// </summary>
public sealed class ReadConfigDataTool(ClusterGateway gateway, RightsService rights) : Tool<ConfigDataArguments>
{
    private const int MostCharacters = 20_000;

    public override string Name => "read_config_data";

    public override string Description => "Reads keys and values of one ConfigMap. The customer allows it for some namespaces only; lines with secrets are withheld. Use it when the configuration itself may be the cause.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    public override bool KeepsOutput => false;

    public override async Task<bool> IsOfferedAsync(ToolContext context, CancellationToken ct) =>
        context.ClusterId is { } cluster && (await rights.OptedInAsync(context.Actor, context.TeamId, cluster, OptInKind.ConfigData, ct)).Value is { Count: > 0 };

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, ConfigDataArguments arguments, CancellationToken ct)
    {
        if (context.ClusterId is not { } clusterId)
        {
            return ClusterToolResults.NoCluster;
        }

        if (!KubernetesNames.IsName(arguments.Name) || !KubernetesNames.IsNamespace(arguments.Namespace))
        {
            return ToolResult.Fail("tool.arguments", "A name and a namespace as Kubernetes writes them are needed.");
        }

        var read = await gateway.ConfigDataAsync(context.Actor, context.TeamId, clusterId, new ConfigQuery(arguments.Namespace, arguments.Name), ct);
        if (!read.IsOk)
        {
            return read.Failure == ClusterFailures.NotOptedIn
                ? ToolResult.Fail(read.Failure.Code, "The customer has not allowed this for that namespace. Say so; do not ask again.")
                : ToolResult.Fail(read.Failure);
        }

        var room = MostCharacters;
        var entries = read.Value.Entries.Select(e => new { key = e.Key, value = Fit(string.Join('\n', e.Lines), ref room) }).ToList();
        var output = new
        {
            config_map = $"{arguments.Namespace}/{arguments.Name}",
            entries,
            binary_values = read.Value.Binary,
            withheld = read.Value.Withheld,
            cut = read.Value.Cut || room <= 0,
        };
        return new ToolResult(JsonSerializer.SerializeToElement(output, ToolJson.Options), Read: $"ConfigMap · {arguments.Namespace} · {arguments.Name}");
    }

    private static string Fit(string text, ref int room)
    {
        var fitting = text.Length <= room ? text : text[..Math.Max(0, room)];
        room -= text.Length;
        return fitting;
    }
}
