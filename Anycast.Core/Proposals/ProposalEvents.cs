using Anycast.Core.Activity;

namespace Anycast.Core.Proposals;

/// <summary>What the activity log says of proposals.</summary>
internal static class ProposalEvents
{
    public static ActivityEvent Of(string operation, Proposal proposal, ActivityResult result = ActivityResult.Done, string detail = "") => new(
        operation, "proposal", proposal.Id.ToString(), $"{proposal.Operation} {proposal.TargetKind} {Place(proposal)}{proposal.TargetName}", proposal.TeamId, result, detail);

    private static string Place(Proposal proposal) => proposal.TargetNamespace.Length == 0 ? "" : proposal.TargetNamespace + "/";
}
