using System.Text.Json;
using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Projection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Proposals;

/// <summary>
/// Executes what was approved, at most once. Nobody's cancellation reaches in here: what has begun is seen through, within the gateway's limits.
/// What is found begun and abandoned is read back from the cluster, never run again.
/// </summary>
public sealed class ProposalExecution(
    IDbContextFactory<AppDbContext> contexts,
    ClusterAccess access,
    ClusterGateway gateway,
    ProposalValues values,
    ActivityLog activity,
    ProposalFeed feed,
    TimeProvider clock,
    ILogger<ProposalExecution> log)
{
    /// <summary>Takes an approved proposal and executes it.</summary>
    internal async Task<Outcome<Proposal>> RunAsync(Guid proposalId, Actor approver)
    {
        var row = await TakeAsync(proposalId);
        if (row is null)
        {
            return ProposalFailures.AlreadyDecided;
        }

        var grant = await access.AuthorizeAsync(approver, row.TeamId, row.ClusterId, Permission.ProposalsApprove, CancellationToken.None);
        if (!grant.IsOk || !ProposalDigest.Holds(row))
        {
            var refused = grant.Failure ?? ProposalFailures.Changed;
            await EndAsync(row, ProposalState.Taken, ProposalState.Failed, refused.Code, approver);
            return refused;
        }

        var target = new OperationTarget(row.TargetGroup, row.TargetKind, row.TargetNamespace, row.TargetName, row.TargetUid, row.TargetGeneration);
        var request = new OperationRequest(row.Operation, target, ProposalJson.Leaves(row.Arguments), DryRun: false, row.Nonce, ProposalJson.Values(row.PriorValues));
        var result = await gateway.ExecuteAsync(approver, grant.Value, request, CancellationToken.None);
        if (result is { IsOk: true, Value.Status: not (OperationStatus.Unavailable or OperationStatus.Replayed) })
        {
            var failure = ProposalService.OfStatus(result.Value);
            failure = failure == ClusterFailures.NotFound ? ProposalFailures.Changed : failure;
            return await EndAsync(row, ProposalState.Taken, failure is null ? ProposalState.Executed : ProposalState.Failed, failure?.Code ?? "", approver)
                ? failure is null ? await ReadAsync(row.Id) : failure
                : ProposalFailures.AlreadyDecided;
        }

        return await ReadBackAsync(row, approver) ? await ReadAsync(row.Id) : ProposalFailures.Unknown;
    }

    /// <summary>Ends proposals that nobody decided on in time, begins those that were approved and not begun, and reads back those whose execution was abandoned by a process that died. Safe to run anywhere, any number of times.</summary>
    public async Task RecoverAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        List<Proposal> late, abandoned, waiting;
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            late = await db.Proposals.AsNoTracking().Where(p => (p.State == ProposalState.Proposed || p.State == ProposalState.Approved) && p.ExpiresAt <= now)
                .OrderBy(p => p.ExpiresAt).Take(ProposalLimits.Batch).ToListAsync(ct);
            var before = now - ProposalLimits.AbandonedAfter;
            var accepted = now - ProposalLimits.StartWithin;
            waiting = await db.Proposals.AsNoTracking().Where(p => p.State == ProposalState.Approved && p.ExpiresAt > now && p.DecidedAt <= accepted)
                .OrderBy(p => p.DecidedAt).Take(ProposalLimits.Batch).ToListAsync(ct);
            abandoned = await db.Proposals.AsNoTracking().Where(p => p.State == ProposalState.Taken && p.DecidedAt <= before)
                .OrderBy(p => p.DecidedAt).Take(ProposalLimits.Batch).ToListAsync(ct);
        }

        foreach (var row in late)
        {
            await EndAsync(row, row.State, ProposalState.Expired, ProposalFailures.Expired.Code);
        }

        foreach (var row in waiting)
        {
            // A person's yes is not lost with the process that took it. Taking is conditional, so nobody else runs it too.
            await RunAsync(row.Id, new Actor { Kind = ActorKind.User, UserId = row.DeciderId!.Value, Name = row.DeciderName, Email = "" });
        }

        foreach (var row in abandoned)
        {
            log.LogWarning("Proposal {Proposal} was begun and abandoned; its effect is read back", row.Id);
            await ReadBackAsync(await values.OpenAsync(row, ct), null);
        }
    }

    /// <summary>One conditional step from one state to an end; false when somebody else made it.</summary>
    internal async Task<bool> EndAsync(Proposal row, ProposalState from, ProposalState to, string code, Actor? actor = null)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var ended = await db.Proposals.Where(p => p.Id == row.Id && p.State == from)
            .ExecuteUpdateAsync(s => s.SetProperty(p => p.State, to).SetProperty(p => p.ResultCode, code).SetProperty(p => p.EndedAt, now));
        if (ended == 0)
        {
            return false;
        }

        if (actor is not null)
        {
            var result = to == ProposalState.Executed ? ActivityResult.Done : ActivityResult.Failed;
            await activity.RecordAsync(db, actor, ProposalEvents.Of("proposals.execute", row, result, code), CancellationToken.None);
        }

        await transaction.CommitAsync();
        feed.Notify(row);
        return true;
    }

    private async Task<Proposal?> TakeAsync(Guid proposalId)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync();
        var taken = await db.Proposals.Where(p => p.Id == proposalId && p.State == ProposalState.Approved && p.ExpiresAt > now)
            .ExecuteUpdateAsync(s => s.SetProperty(p => p.State, ProposalState.Taken));
        var row = taken == 1 ? await values.OpenAsync(await db.Proposals.AsNoTracking().SingleAsync(p => p.Id == proposalId), CancellationToken.None) : null;
        if (row is not null)
        {
            feed.Notify(row);
        }

        return row;
    }

    /// <summary>Looks whether the change is there: then it is executed, else its end is unknown.</summary>
    private async Task<bool> ReadBackAsync(Proposal row, Actor? approver)
    {
        var read = await gateway.ReadBackAsync(row.ClusterId, row.TargetKind, row.TargetNamespace, row.TargetName, CancellationToken.None);
        var there = read.IsOk && IsThere(row, read.Value);
        await EndAsync(row, ProposalState.Taken, there ? ProposalState.Executed : ProposalState.Unknown, there ? "" : ProposalFailures.Unknown.Code, approver);
        return there;
    }

    private static bool IsThere(Proposal row, JsonElement found)
    {
        if (!found.TryGetProperty("metadata", out var meta) || !meta.TryGetProperty("uid", out var uid) || uid.GetString() != row.TargetUid)
        {
            return false;
        }

        var projected = Projector.Current.Project(row.TargetKind, System.Text.Encoding.UTF8.GetBytes(found.GetRawText()));
        var visible = ObjectDiff.Leaves(row.TargetKind, projected);
        return ProposalJson.Leaves(row.Arguments).All(leaf => visible.GetValueOrDefault(leaf.Path) == leaf.Value);
    }

    private async Task<Proposal> ReadAsync(Guid id)
    {
        await using var db = await contexts.CreateDbContextAsync();
        return await values.OpenAsync(await db.Proposals.AsNoTracking().SingleAsync(p => p.Id == id), CancellationToken.None);
    }
}
