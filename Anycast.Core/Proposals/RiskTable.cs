using Anycast.Tunnel.Operations;

namespace Anycast.Core.Proposals;

/// <summary>Risk class of a change from what it does, by a fixed table (T4). Raising a class is a new <see cref="Version"/>.</summary>
public static class RiskTable
{
    /// <summary>Version of this table and of the rules of approval; part of the digest.</summary>
    public const int Version = 1;

    private static readonly string[] s_systemNamespaces = ["kube-system", "kube-public", "kube-node-lease"];

    /// <summary>The class of a change.</summary>
    public static ProposalRisk Of(string operation, OperationTarget target, IReadOnlyList<LeafChange> leaves) =>
        s_systemNamespaces.Contains(target.Namespace) ? ProposalRisk.Destructive : operation switch
        {
            OperationNames.Scale => leaves.Any(l => l.Value is "0") ? ProposalRisk.Destructive : ProposalRisk.Low,
            OperationNames.Restart => ProposalRisk.Low,
            OperationNames.SetImage => ProposalRisk.Medium,
            OperationNames.Suspend => leaves.Any(l => l.Value is "true") ? ProposalRisk.Medium : ProposalRisk.Low,
            OperationNames.Cordon => ProposalRisk.Medium,
            OperationNames.Patch => leaves.Any(l => l is { Path: "spec.replicas", Value: "0" }) ? ProposalRisk.Destructive : ProposalRisk.Medium,
            _ => ProposalRisk.Destructive,
        };
}
