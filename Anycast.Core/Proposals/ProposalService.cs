using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tunnel.Operations;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Proposals;

/// <summary>Proposals: made by tools, decided by people. Deciding is <see cref="ProposalApproval"/>.</summary>
public sealed class ProposalService(
    IDbContextFactory<AppDbContext> contexts,
    TeamAccess teams,
    ClusterAccess access,
    ClusterGateway gateway,
    RateLimiter limiter,
    ProposalValues values,
    ActivityLog activity,
    ProposalFeed feed,
    TimeProvider clock)
{
    /// <summary>Checks the proposer, has the cluster try it without storing anything, and keeps the result for a person to decide on.</summary>
    public Task<Outcome<Proposal>> ProposeAsync(Actor actor, Guid teamId, ProposalRequest request, CancellationToken ct) =>
        ProposeAsync(actor, teamId, request, null, ct);

    /// <summary>Proposes to set back what an executed proposal set.</summary>
    public async Task<Outcome<Proposal>> ProposeUndoAsync(Actor actor, Guid teamId, Guid proposalId, CancellationToken ct)
    {
        var view = await GetAsync(actor, teamId, proposalId, ct);
        if (!view.IsOk)
        {
            return view.Failure;
        }

        if (!view.Value.Undoable)
        {
            return ProposalFailures.NotUndoable;
        }

        var row = view.Value.Row;
        var leaves = ProposalJson.Leaves(row.Arguments).Zip(ProposalJson.Values(row.PriorValues), (leaf, prior) => leaf with { Value = prior }).ToArray();
        var target = new OperationTarget(row.TargetGroup, row.TargetKind, row.TargetNamespace, row.TargetName);
        return await ProposeAsync(actor, teamId, new ProposalRequest(row.ClusterId, row.Operation, target, leaves, "undo", 1, row.ConversationId), row.Id, ct);
    }

    /// <summary>One proposal with what the reader may do.</summary>
    public async Task<Outcome<ProposalView>> GetAsync(Actor actor, Guid teamId, Guid proposalId, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.ProposalsView, ct);
        return grant.IsOk ? await GetAsync(actor, grant.Value, proposalId, ct) : grant.Failure;
    }

    /// <inheritdoc cref="GetAsync(Actor, Guid, Guid, CancellationToken)"/>
    public async Task<Outcome<ProposalView>> GetAsync(Actor actor, string team, Guid proposalId, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, team, Permission.ProposalsView, ct);
        return grant.IsOk ? await GetAsync(actor, grant.Value, proposalId, ct) : grant.Failure;
    }

    /// <summary>One proposal, for a card that knows only its id: found among the actor's teams.</summary>
    public async Task<Outcome<ProposalView>> FindAsync(Actor actor, Guid proposalId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var teamId = await db.Proposals.Where(p => p.Id == proposalId && db.Memberships.Any(m => m.TeamId == p.TeamId && m.UserId == actor.UserId))
            .Select(p => (Guid?)p.TeamId).SingleOrDefaultAsync(ct);
        return teamId is { } id ? await GetAsync(actor, id, proposalId, ct) : Failure.NotFound;
    }

    /// <summary>A team's proposals, newest first, without their values; <paramref name="waiting"/> leaves only those that a person can still decide on.</summary>
    public async Task<Outcome<Page<Proposal>>> ListAsync(Actor actor, string team, bool waiting, PageRequest page, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, team, Permission.ProposalsView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var query = db.Proposals.AsNoTracking().Where(p => p.TeamId == grant.Value.TeamId);
        if (waiting)
        {
            var now = clock.GetUtcNow();
            query = query.Where(p => p.State == ProposalState.Proposed && p.ExpiresAt > now);
        }

        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var items = await query.OrderByDescending(p => p.CreatedAt).ThenByDescending(p => p.Id).Skip(page.Skip).Take(page.Size).ToListAsync(ct);
        return new Page<Proposal>(items, total, page);
    }

    private async Task<Outcome<Proposal>> ProposeAsync(Actor actor, Guid teamId, ProposalRequest request, Guid? undoOf, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, request.ClusterId, Permission.ProposalsPropose, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (!grant.Value.MayPropose)
        {
            return ProposalFailures.ReadOnlyCluster;
        }

        if (Check(grant.Value, request) is { } wrong)
        {
            return wrong;
        }

        if (await limiter.TakeAsync(RateLimitTable.Proposals, actor.UserId.ToString(), ct) is { } tooMany)
        {
            return tooMany;
        }

        var leaves = ProposalDigest.Canonical(request.Leaves);
        var dryRun = await gateway.ExecuteAsync(actor, grant.Value, new OperationRequest(request.Operation, request.Target, leaves, DryRun: true), ct);
        if (!dryRun.IsOk)
        {
            return dryRun.Failure;
        }

        var row = Row(actor, grant.Value, request, leaves, dryRun.Value, undoOf);
        return row.IsOk ? await StoreAsync(actor, row.Value, ct) : row.Failure;
    }

    private Outcome<Proposal> Row(Actor actor, ClusterGrant grant, ProposalRequest request, LeafChange[] leaves, OperationResult dryRun, Guid? undoOf)
    {
        if (OfStatus(dryRun) is { } refused)
        {
            return refused;
        }

        var diff = dryRun.Diff ?? [];
        var prior = new string?[leaves.Length];
        for (var i = 0; i < leaves.Length; i++)
        {
            // Each leaf that the patch sets must be shown; an answer that leaves one out is not one a person can decide on.
            if (diff.FirstOrDefault(d => d.Requested && d.Path == leaves[i].Path) is not { } shown || dryRun.Uid is not { Length: > 0 and <= 64 })
            {
                return ClusterFailures.Broken;
            }

            prior[i] = shown.Before;
        }

        if (diff.Where(d => d.Requested).All(d => d.Before == d.After && !(d.Before is { } v && ProposalJson.IsMarker(v))))
        {
            return ProposalFailures.NoChange;
        }

        var now = clock.GetUtcNow();
        var row = new Proposal
        {
            Id = Ids.New(clock),
            TeamId = grant.TeamId,
            ClusterId = grant.ClusterId,
            ClusterName = grant.Cluster.Name,
            ProposerId = actor.UserId,
            ProposerName = actor.Name,
            ConversationId = request.ConversationId,
            MessageId = request.MessageId,
            Tool = request.Tool,
            ToolVersion = request.ToolVersion,
            Operation = request.Operation,
            TargetGroup = request.Target.Group,
            TargetKind = request.Target.Kind,
            TargetNamespace = request.Target.Namespace,
            TargetName = request.Target.Name,
            TargetUid = dryRun.Uid!,
            TargetGeneration = dryRun.Generation,
            Arguments = ProposalJson.Write(leaves),
            PriorValues = ProposalJson.Write(prior),
            Diff = ProposalJson.Write(diff.OrderByDescending(d => d.Requested).ThenBy(d => d.Path, StringComparer.Ordinal).Take(ProposalLimits.DiffLeaves)),
            PolicyVersion = RiskTable.Version,
            Risk = RiskTable.Of(request.Operation, request.Target, leaves),
            Nonce = Ids.Secret(),
            CreatedAt = now,
            ExpiresAt = now + ProposalLimits.Lifetime,
            State = ProposalState.Proposed,
            UndoOf = undoOf,
        };
        row.Digest = ProposalDigest.Of(row);
        return new[] { row.Diff, row.Arguments, row.PriorValues }.Any(json => System.Text.Encoding.UTF8.GetByteCount(json) > ProposalLimits.JsonLength) ? ProposalFailures.Invalid : row;
    }

    private async Task<Outcome<Proposal>> StoreAsync(Actor actor, Proposal row, CancellationToken ct)
    {
        var sealedRow = await values.SealedAsync(row, ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        db.Proposals.Add(sealedRow);
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, ProposalEvents.Of("proposals.propose", row), ct);
        await transaction.CommitAsync(ct);
        feed.Notify(row);
        return row;
    }

    private async Task<Outcome<ProposalView>> GetAsync(Actor actor, TeamGrant grant, Guid proposalId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.Proposals.AsNoTracking().SingleOrDefaultAsync(p => p.Id == proposalId && p.TeamId == grant.TeamId, ct);
        if (row is null)
        {
            return Failure.NotFound;
        }

        await values.OpenAsync(row, ct);
        var slug = await db.Clusters.Where(c => c.Id == row.ClusterId && c.TeamId == grant.TeamId).Select(c => c.Slug).SingleOrDefaultAsync(ct);
        var may = grant.Has(Permission.ProposalsApprove) && actor.Kind == ActorKind.User && row.State == ProposalState.Proposed && row.ExpiresAt > clock.GetUtcNow();
        return new ProposalView(row, ProposalJson.Diff(row.Diff), may, slug);
    }

    private static Failure? Check(ClusterGrant grant, ProposalRequest request)
    {
        var target = request.Target;
        if (!grant.Scope.Allows(target.Namespace))
        {
            return ClusterFailures.NotFound;
        }

        if (request.Leaves.Count is 0 or > ProposalLimits.Leaves
            || request.Leaves.Select(l => l.Path).Distinct(StringComparer.Ordinal).Count() != request.Leaves.Count
            || request.Leaves.Any(l => l.Path.Length is 0 or > ProposalLimits.PathLength || l.Value?.Length > ProposalLimits.ValueLength)
            || request.Operation.Length > 40 || request.Tool.Length > 60 || target.Kind.Length > 63 || target.Name.Length > 253 || target.Namespace.Length > 63 || target.Group.Length > 253)
        {
            return ProposalFailures.Invalid;
        }

        if (request.Leaves.Any(l => l.Value is { } value && ProposalJson.IsMarker(value)))
        {
            return ProposalFailures.Marker;
        }

        // The agent decides; the same table here refuses what it would refuse, before anything is sent.
        return request.Leaves.All(l => FieldPath.Parse(l.Path) is { } path && path.ToString() == l.Path
            && PatchableLeaves.Find(request.Operation, target.Group, target.Kind, path) is { } leaf && PatchableLeaves.Accepts(leaf, l.Value)) ? null : ProposalFailures.Invalid;
    }

    internal static Failure? OfStatus(OperationResult result) => result.Status switch
    {
        OperationStatus.Applied => null,
        OperationStatus.NotFound => ClusterFailures.NotFound,
        OperationStatus.Changed => ProposalFailures.Changed,
        OperationStatus.Forbidden => ProposalFailures.ForbiddenInCluster with { Args = [result.Reason ?? ""] },
        OperationStatus.Invalid => ProposalFailures.Refused with { Args = [result.Reason ?? ""] },
        OperationStatus.Replayed => ProposalFailures.AlreadyDecided,
        OperationStatus.Unavailable => ClusterFailures.Timeout,
        _ => ClusterFailures.Broken,
    };
}
