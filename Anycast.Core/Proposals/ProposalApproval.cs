using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Proposals;

/// <summary>Where a person says yes or no. Everything is asked again here, at the moment it counts.</summary>
public sealed class ProposalApproval(
    IDbContextFactory<AppDbContext> contexts,
    TeamAccess teams,
    ClusterAccess access,
    StepUpService stepUp,
    ClusterLinks links,
    ProposalExecution execution,
    ProposalValues values,
    ActivityLog activity,
    ProposalFeed feed,
    TimeProvider clock)
{
    /// <summary>
    /// Approves and executes, once. Refusals are the named ones of <see cref="ProposalFailures"/>. Once approved it runs to its end,
    /// whatever becomes of the caller's page.
    /// </summary>
    /// <param name="actor">The approver, a person.</param>
    /// <param name="teamId">The proposal's team.</param>
    /// <param name="proposalId">Which.</param>
    /// <param name="typedName">The target's name, needed for destructive ones.</param>
    /// <param name="ct">Ends waiting before the decision is stored, not after.</param>
    public async Task<Outcome<Proposal>> ApproveAsync(Actor actor, Guid teamId, Guid proposalId, string? typedName, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return ProposalFailures.TokenMayNot;
        }

        var found = await FindAsync(actor, teamId, proposalId, ct);
        if (!found.IsOk)
        {
            return found.Failure;
        }

        var row = found.Value;
        var refusal = await CheckAsync(actor, row, typedName, ct);
        if (refusal is not null)
        {
            await activity.RecordAsync(actor, ProposalEvents.Of("proposals.approve", row, ActivityResult.Refused, refusal.Code), ct);
            return refusal;
        }

        // What can destroy asks for a fresh proof too (T20). It decides nothing yet, so nothing is noted.
        if (row.Risk == ProposalRisk.Destructive && await stepUp.RequireAsync(actor, ct) is { IsOk: false } unproven)
        {
            return unproven.Failure;
        }

        if (!await DecideAsync(actor, row, ProposalState.Approved, "proposals.approve", ct))
        {
            return ProposalFailures.AlreadyDecided;
        }

        return await execution.RunAsync(row.Id, actor);
    }

    /// <summary>Says no. Nothing happens in the cluster.</summary>
    public async Task<Outcome> RejectAsync(Actor actor, Guid teamId, Guid proposalId, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return ProposalFailures.TokenMayNot;
        }

        var found = await FindAsync(actor, teamId, proposalId, ct);
        if (!found.IsOk)
        {
            return found.Failure;
        }

        var row = found.Value;
        if (await CheckRightAsync(actor, row, Permission.ProposalsApprove, ct) is { } refusal)
        {
            return refusal;
        }

        if (row.State != ProposalState.Proposed)
        {
            return ProposalFailures.AlreadyDecided;
        }

        return await DecideAsync(actor, row, ProposalState.Rejected, "proposals.reject", ct) ? Outcome.Ok : ProposalFailures.AlreadyDecided;
    }

    private async Task<Outcome<Proposal>> FindAsync(Actor actor, Guid teamId, Guid proposalId, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.ProposalsView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.Proposals.AsNoTracking().SingleOrDefaultAsync(p => p.Id == proposalId && p.TeamId == grant.Value.TeamId, ct);
        return row is null ? Failure.NotFound : await values.OpenAsync(row, ct);
    }

    private async Task<Failure?> CheckAsync(Actor actor, Proposal row, string? typedName, CancellationToken ct)
    {
        if (await CheckRightAsync(actor, row, Permission.ProposalsApprove, ct) is { } noRight)
        {
            return noRight;
        }

        if (row.State != ProposalState.Proposed)
        {
            return row.State == ProposalState.Expired ? ProposalFailures.Expired : ProposalFailures.AlreadyDecided;
        }

        if (row.ExpiresAt <= clock.GetUtcNow())
        {
            await execution.EndAsync(row, ProposalState.Proposed, ProposalState.Expired, ProposalFailures.Expired.Code);
            return ProposalFailures.Expired;
        }

        if (!ProposalDigest.Holds(row) || row.PolicyVersion != RiskTable.Version)
        {
            await execution.EndAsync(row, ProposalState.Proposed, ProposalState.Failed, ProposalFailures.Changed.Code);
            return ProposalFailures.Changed;
        }

        if (row.Risk == ProposalRisk.Destructive && !string.Equals(typedName?.Trim(), row.TargetName, StringComparison.Ordinal))
        {
            return ProposalFailures.TypedName;
        }

        var proposer = new Actor { Kind = ActorKind.User, UserId = row.ProposerId, Name = row.ProposerName, Email = "" };
        if (await CheckRightAsync(proposer, row, Permission.ProposalsPropose, ct) is not null)
        {
            return ProposalFailures.ProposerGone;
        }

        // Not begun and not lost: it can still be approved when the agent is back in time.
        return links.Find(row.ClusterId) is null ? Clusters.Gateway.ClusterFailures.Offline : null;
    }

    private async Task<Failure?> CheckRightAsync(Actor actor, Proposal row, string permission, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, row.TeamId, row.ClusterId, permission, ct);
        return !grant.IsOk ? grant.Failure
            : !grant.Value.Scope.Allows(row.TargetNamespace) ? Failure.NotFound
            : grant.Value.Cluster.Access != ClusterAccessKind.Propose ? ProposalFailures.ReadOnlyCluster
            : null;
    }

    /// <summary>One conditional UPDATE: of many who decide at once, one does. The digest is part of the condition, so a row changed since it was read is not decided on.</summary>
    private async Task<bool> DecideAsync(Actor actor, Proposal row, ProposalState state, string operation, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var decided = await db.Proposals
            .Where(p => p.Id == row.Id && p.State == ProposalState.Proposed && p.ExpiresAt > now && p.Digest == row.Digest)
            .ExecuteUpdateAsync(
                s => s.SetProperty(p => p.State, state).SetProperty(p => p.DeciderId, actor.UserId).SetProperty(p => p.DeciderName, actor.Name).SetProperty(p => p.DecidedAt, now),
                ct);
        if (decided == 0)
        {
            return false;
        }

        await activity.RecordAsync(db, actor, ProposalEvents.Of(operation, row), ct);
        await transaction.CommitAsync(ct);
        feed.Notify(row);
        return true;
    }
}
