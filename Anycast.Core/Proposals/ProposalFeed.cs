namespace Anycast.Core.Proposals;

/// <summary>Tells open pages that a proposal changed. In process; rows are the truth.</summary>
public sealed class ProposalFeed
{
    /// <summary>Team and proposal.</summary>
    public event Action<Guid, Guid>? Changed;

    internal void Notify(Proposal proposal) => Changed?.Invoke(proposal.TeamId, proposal.Id);

    internal void Notify(Guid teamId, Guid proposalId) => Changed?.Invoke(teamId, proposalId);
}
