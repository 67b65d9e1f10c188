using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Anycast.Core.Teams.Invitations;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Teams;

/// <summary>
/// Changes who is in a team and as what (D11, T15). Every change locks the team's row first, so that two owners who demote each other at once
/// leave one: a team always has an owner.
/// </summary>
public sealed class MembershipService(IDbContextFactory<AppDbContext> contexts, TeamAccess access, StepUpService stepUp, NotificationService notifications, ActivityLog activity, LessAllowed less, TimeProvider clock)
{
    private static readonly Failure s_lastOwner = new(FailureKind.Conflict, "teams.last_owner");

    /// <summary>Gives a member another role, not above the actor's own; owners are changed by owners alone, and who becomes or ceases to be one needs a fresh proof (T20).</summary>
    public Task<Outcome> ChangeRoleAsync(Actor actor, string team, Guid userId, TeamRole role, Func<string, Uri> link, CancellationToken ct) =>
        ChangeAsync(actor, team, userId, Permission.MembersManage, async (db, grant, member, unproven) =>
        {
            if (!Enum.IsDefined(role) || role > grant.Role || member.Role > grant.Role)
            {
                return new Failure(FailureKind.Forbidden, "teams.role_too_high");
            }

            if ((member.Role == TeamRole.Owner || role == TeamRole.Owner) && unproven is not null)
            {
                return unproven;
            }

            if (member.Role == TeamRole.Owner && role != TeamRole.Owner && await IsLastOwnerAsync(db, grant.TeamId, ct))
            {
                return s_lastOwner;
            }

            member.Role = role;
            await VoidInvitationsAsync(db, grant.TeamId, userId, role, ct);
            await NotifyAsync(db, actor, userId, "role_changed", [grant.Name, "@" + role, actor.Name], grant, link, ct);
            await activity.RecordAsync(db, actor, new ActivityEvent("members.change_role", "user", userId.ToString(), await NameAsync(db, userId, ct), grant.TeamId, Detail: role.ToString()), ct);
            return Outcome.Ok;
        }, ct);

    /// <summary>Removes a member; an owner only with a fresh proof (T20).</summary>
    public Task<Outcome> RemoveAsync(Actor actor, string team, Guid userId, Func<string, Uri> link, CancellationToken ct) =>
        ChangeAsync(actor, team, userId, Permission.MembersManage, async (db, grant, member, unproven) =>
        {
            if (member.Role > grant.Role)
            {
                return new Failure(FailureKind.Forbidden, "teams.role_too_high");
            }

            if (member.Role == TeamRole.Owner && unproven is not null)
            {
                return unproven;
            }

            if (member.Role == TeamRole.Owner && await IsLastOwnerAsync(db, grant.TeamId, ct))
            {
                return s_lastOwner;
            }

            await EndAsync(db, member, ct);
            await NotifyAsync(db, actor, userId, "removed", [grant.Name], grant, link, ct);
            await activity.RecordAsync(db, actor, new ActivityEvent("members.remove", "user", userId.ToString(), await NameAsync(db, userId, ct), grant.TeamId), ct);
            return Outcome.Ok;
        }, ct);

    /// <summary>Leaves a team, also one that is closed to the actor; its last owner cannot.</summary>
    public Task<Outcome> LeaveAsync(Actor actor, string team, CancellationToken ct) =>
        ChangeAsync(actor, team, actor.UserId, Permission.TeamView, async (db, grant, member, _) =>
        {
            if (member.Role == TeamRole.Owner && await IsLastOwnerAsync(db, grant.TeamId, ct))
            {
                return s_lastOwner;
            }

            await EndAsync(db, member, ct);
            await activity.RecordAsync(db, actor, new ActivityEvent("members.leave", "team", grant.TeamId.ToString(), grant.Name, grant.TeamId), ct);
            return Outcome.Ok;
        }, ct, toLeave: true);

    /// <summary>Makes another member an owner and the actor an admin. Needs a fresh proof.</summary>
    public async Task<Outcome> TransferAsync(Actor actor, string team, Guid userId, Func<string, Uri> link, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        return await ChangeAsync(actor, team, userId, Permission.MembersManage, async (db, grant, member, _) =>
        {
            if (grant.Role != TeamRole.Owner || userId == actor.UserId)
            {
                return new Failure(FailureKind.Forbidden, "teams.only_owners");
            }

            member.Role = TeamRole.Owner;
            var own = await db.Memberships.SingleAsync(m => m.TeamId == grant.TeamId && m.UserId == actor.UserId, ct);
            own.Role = TeamRole.Admin;
            await VoidInvitationsAsync(db, grant.TeamId, actor.UserId, own.Role, ct);
            await NotifyAsync(db, actor, userId, "ownership", [grant.Name, actor.Name], grant, link, ct);
            await activity.RecordAsync(db, actor, new ActivityEvent("teams.transfer", "user", userId.ToString(), await NameAsync(db, userId, ct), grant.TeamId), ct);
            return Outcome.Ok;
        }, ct);
    }

    private async Task<Outcome> ChangeAsync(
        Actor actor, string team, Guid userId, string permission, Func<AppDbContext, TeamGrant, Membership, Failure?, Task<Outcome>> change, CancellationToken ct, bool toLeave = false)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        // Once before, so that a stranger cannot take the lock; once under it, so that what was read still holds.
        var first = toLeave ? await access.ToLeaveAsync(actor, team, ct) : await access.AuthorizeAsync(actor, team, permission, ct);
        if (!first.IsOk)
        {
            return first.Failure;
        }

        var unproven = (await stepUp.RequireAsync(actor, ct)).Failure; // Asked before the lock, which leaves room for one connection alone.
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Teams.Where(t => t.Id == first.Value.TeamId).ExecuteUpdateAsync(s => s.SetProperty(t => t.IsDemo, t => t.IsDemo), ct);
        var own = await db.Memberships.AsNoTracking().Where(m => m.TeamId == first.Value.TeamId && m.UserId == actor.UserId).Select(m => (TeamRole?)m.Role).SingleOrDefaultAsync(ct);
        var grant = own is null ? null : first.Value with { Role = own.Value, Permissions = RoleTable.For(own.Value, first.Value.MembersMayApprove) };
        if (grant?.Has(permission) != true)
        {
            return Failure.NotFound;
        }

        var member = await db.Memberships.SingleOrDefaultAsync(m => m.TeamId == grant.TeamId && m.UserId == userId, ct);
        if (member is null)
        {
            return Failure.NotFound;
        }

        var outcome = await change(db, grant, member, unproven);
        if (outcome.IsOk)
        {
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            notifications.Published(userId);
            less.Tell();
        }

        return outcome;
    }

    private static async Task<bool> IsLastOwnerAsync(AppDbContext db, Guid teamId, CancellationToken ct) =>
        await db.Memberships.CountAsync(m => m.TeamId == teamId && m.Role == TeamRole.Owner, ct) <= 1;

    /// <summary>A member goes: their open invitations are void; their tokens for the team fail by themselves, since every call reads the membership.</summary>
    private async Task EndAsync(AppDbContext db, Membership member, CancellationToken ct)
    {
        db.Memberships.Remove(member);
        await VoidInvitationsAsync(db, member.TeamId, member.UserId, TeamRole.Viewer, ct);
    }

    /// <summary>Takes back what somebody with this role could not have sent, since nobody could accept it any more.</summary>
    private async Task VoidInvitationsAsync(AppDbContext db, Guid teamId, Guid inviter, TeamRole role, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.TeamInvitations
            .Where(i => i.TeamId == teamId && i.InvitedBy == inviter && i.State == InvitationState.Pending && (role < TeamRole.Admin || i.Role > role))
            .ExecuteUpdateAsync(s => s.SetProperty(i => i.State, InvitationState.Revoked).SetProperty(i => i.AnsweredAt, now), ct);
    }

    private async Task NotifyAsync(AppDbContext db, Actor actor, Guid userId, string key, IReadOnlyList<string> args, TeamGrant grant, Func<string, Uri> link, CancellationToken ct)
    {
        if (userId != actor.UserId && await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == userId, ct) is { } user)
        {
            await notifications.AddAsync(db, Recipients.For(user), new NewNotification(NotificationType.Teams, key, args, key == "removed" ? "/me/teams" : $"/t/{grant.Slug}", grant.TeamId), link("/"), ct);
        }
    }

    private static Task<string> NameAsync(AppDbContext db, Guid userId, CancellationToken ct) => db.Users.Where(u => u.Id == userId).Select(u => u.Name).SingleAsync(ct);
}
