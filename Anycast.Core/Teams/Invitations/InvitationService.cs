using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Anycast.Core.Notifications;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Teams.Invitations;

/// <summary>An invitation as the team sees it.</summary>
public sealed record SentInvitation(Guid Id, string Email, TeamRole Role, string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, InvitationState State, bool IsOver);

/// <summary>An invitation as the invited person sees it: the team's name, not who else is in it.</summary>
public sealed record ReceivedInvitation(Guid Id, string TeamName, string TeamSlug, TeamRole Role, string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, InvitationState State, bool IsOver);

/// <summary>Invitations (D20, U03, T15).</summary>
public sealed class InvitationService(
    IDbContextFactory<AppDbContext> contexts,
    TeamAccess access,
    ILookupNormalizer normalizer,
    StepUpService stepUp,
    NotificationService notifications,
    MailQueue mail,
    ActivityLog activity,
    RateLimiter limiter,
    EqualTime equalTime,
    TimeProvider clock)
{
    /// <summary>How long an invitation is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    private const int PendingPerTeam = 200;
    private const int Listed = 200;

    /// <summary>
    /// Invites an address with a role that is not above the actor's own; as an owner only with a fresh proof (T20). An earlier invitation of the address is replaced. Whether the address has an
    /// account is told by neither the answer nor its time (T18).
    /// </summary>
    public Task<Outcome> InviteAsync(Actor actor, string team, string email, TeamRole role, Func<string, Uri> link, CancellationToken ct) =>
        equalTime.RunAsync(() => SendAsync(actor, team, email, role, link, ct));

    private async Task<Outcome> SendAsync(Actor actor, string team, string email, TeamRole role, Func<string, Uri> link, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, Permission.MembersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        var address = email.Trim();
        if (AccountRules.CheckEmail(address) is { } invalid)
        {
            return invalid;
        }

        if (!Enum.IsDefined(role) || role > grant.Value.Role)
        {
            return new Failure(FailureKind.Forbidden, "teams.role_too_high");
        }

        if (role == TeamRole.Owner && await stepUp.RequireAsync(actor, ct) is { IsOk: false } unproven)
        {
            return unproven.Failure!;
        }

        if (await limiter.TakeAsync(RateLimitTable.Invitations, grant.Value.TeamId.ToString("N"), ct) is { } tooMany)
        {
            return tooMany;
        }

        var normalized = normalizer.NormalizeEmail(address);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var known = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.NormalizedEmail == normalized && u.EmailConfirmed && u.DeletedAt == null, ct);
        if (known is not null && await db.Memberships.AnyAsync(m => m.TeamId == grant.Value.TeamId && m.UserId == known.Id, ct))
        {
            return new Failure(FailureKind.Conflict, "teams.already_member");
        }

        if (await db.TeamInvitations.CountAsync(i => i.TeamId == grant.Value.TeamId && i.State == InvitationState.Pending, ct) >= PendingPerTeam)
        {
            return new Failure(FailureKind.TooMany, "teams.too_many_invitations", PendingPerTeam);
        }

        var now = clock.GetUtcNow();
        var secret = Ids.Secret();
        await using (var transaction = await db.Database.BeginTransactionAsync(ct))
        {
            await db.TeamInvitations.Where(i => i.TeamId == grant.Value.TeamId && i.NormalizedEmail == normalized && i.State == InvitationState.Pending)
                .ExecuteUpdateAsync(s => s.SetProperty(i => i.State, InvitationState.Revoked).SetProperty(i => i.AnsweredAt, now), ct);
            var invitation = new TeamInvitation
            {
                Id = Ids.New(clock),
                TeamId = grant.Value.TeamId,
                Email = address,
                NormalizedEmail = normalized,
                Role = role,
                Hash = Ids.Hash(secret),
                InvitedBy = actor.UserId,
                CreatedAt = now,
                ExpiresAt = now + Lifetime,
            };
            db.TeamInvitations.Add(invitation);
            var inviter = await db.Users.AsNoTracking().SingleAsync(u => u.Id == actor.UserId, ct);
            var what = new NewNotification(NotificationType.Teams, "invitation", [inviter.Name, grant.Value.Name, "@" + role], "/me/invitations", grant.Value.TeamId);
            if (known is not null)
            {
                await notifications.AddAsync(db, Recipients.For(known), what, link("/"), ct);
            }
            else
            {
                mail.Add(db, NotificationTexts.Invitation(new Recipient(Guid.Empty, address, address, inviter.Language), what, link("/me/invitations?token=" + secret)));
                await db.SaveChangesAsync(ct);
            }

            await activity.RecordAsync(db, actor, new ActivityEvent("invitations.send", "invitation", invitation.Id.ToString(), address, grant.Value.TeamId, Detail: role.ToString()), ct);
            await transaction.CommitAsync(ct);
        }

        mail.Wake();
        if (known is not null)
        {
            notifications.Published(known.Id);
        }

        return Outcome.Ok;
    }

    /// <summary>Sends a pending or expired invitation again, with a new link and seven new days.</summary>
    public async Task<Outcome> ResendAsync(Actor actor, string team, Guid id, Func<string, Uri> link, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, Permission.MembersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.TeamInvitations.AsNoTracking().SingleOrDefaultAsync(i => i.Id == id && i.TeamId == grant.Value.TeamId && i.State == InvitationState.Pending, ct) is { } invitation
            ? await InviteAsync(actor, team, invitation.Email, invitation.Role, link, ct)
            : Failure.NotFound;
    }

    /// <summary>Takes an invitation back.</summary>
    public async Task<Outcome> RevokeAsync(Actor actor, string team, Guid id, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, Permission.MembersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var address = await db.TeamInvitations.Where(i => i.Id == id && i.TeamId == grant.Value.TeamId).Select(i => i.Email).SingleOrDefaultAsync(ct);
        var revoked = await db.TeamInvitations.Where(i => i.Id == id && i.TeamId == grant.Value.TeamId && i.State == InvitationState.Pending)
            .ExecuteUpdateAsync(s => s.SetProperty(i => i.State, InvitationState.Revoked).SetProperty(i => i.AnsweredAt, now), ct);
        if (revoked != 1)
        {
            return Failure.NotFound;
        }

        await activity.RecordAsync(actor, new ActivityEvent("invitations.revoke", "invitation", id.ToString(), address ?? "", grant.Value.TeamId), ct);
        return Outcome.Ok;
    }

    /// <summary>What a team sent, newest first.</summary>
    public async Task<Outcome<Page<SentInvitation>>> SentAsync(Actor actor, string team, PageRequest page, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, Permission.MembersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var query = db.TeamInvitations.AsNoTracking().Where(i => i.TeamId == grant.Value.TeamId);
        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var items = await query.Join(db.Users, i => i.InvitedBy, u => u.Id, (i, u) => new { i, u.Name })
            .OrderByDescending(x => x.i.CreatedAt).Skip(page.Skip).Take(page.Size)
            .Select(x => new SentInvitation(x.i.Id, x.i.Email, x.i.Role, x.Name, x.i.CreatedAt, x.i.ExpiresAt, x.i.State, x.i.State == InvitationState.Pending && x.i.ExpiresAt <= now))
            .ToListAsync(ct);
        return new Page<SentInvitation>(items, total, page);
    }

    /// <summary>What the actor's confirmed address received, newest first.</summary>
    public async Task<IReadOnlyList<ReceivedInvitation>> ReceivedAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await ConfirmedAddressAsync(db, actor, ct) is not { } address)
        {
            return [];
        }

        return await Received(db, db.TeamInvitations.Where(i => i.NormalizedEmail == address && i.State != InvitationState.Revoked).OrderByDescending(i => i.CreatedAt)).Take(Listed).ToListAsync(ct);
    }

    /// <summary>The invitation behind a mailed link. Looking uses nothing up; another address than the invited one is told so and no more.</summary>
    public async Task<Outcome<ReceivedInvitation>> FindAsync(Actor actor, string secret, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var invitation = await db.TeamInvitations.AsNoTracking().SingleOrDefaultAsync(i => i.Hash == hash, ct);
        if (invitation is null || invitation.State == InvitationState.Revoked)
        {
            return new Failure(FailureKind.Expired, "invitations.over");
        }

        return await ConfirmedAddressAsync(db, actor, ct) != invitation.NormalizedEmail
            ? new Failure(FailureKind.Forbidden, "invitations.wrong_account")
            : await Received(db, db.TeamInvitations.Where(i => i.Id == invitation.Id)).SingleAsync(ct);
    }

    /// <summary>Accepts: of many at once, exactly one makes the member. The inviter must still be allowed to give the role.</summary>
    public async Task<Outcome<string>> AcceptAsync(Actor actor, Guid id, Func<string, Uri> link, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var over = new Failure(FailureKind.Expired, "invitations.over");
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await ConfirmedAddressAsync(db, actor, ct) is not { } address)
        {
            return Failure.NotFound;
        }

        var invitation = await db.TeamInvitations.AsNoTracking().Include(i => i.Team).SingleOrDefaultAsync(i => i.Id == id && i.NormalizedEmail == address, ct);
        if (invitation is null)
        {
            return Failure.NotFound;
        }

        var taken = await db.TeamInvitations.Where(i => i.Id == id && i.State == InvitationState.Pending && i.ExpiresAt > now)
            .ExecuteUpdateAsync(s => s.SetProperty(i => i.State, InvitationState.Accepted).SetProperty(i => i.AnsweredAt, now), ct);
        var inviterRole = await db.Memberships.Where(m => m.TeamId == invitation.TeamId && m.UserId == invitation.InvitedBy).Select(m => (TeamRole?)m.Role).SingleOrDefaultAsync(ct);
        if (taken != 1 || inviterRole is null or < TeamRole.Admin || invitation.Role > inviterRole || invitation.Team!.BlockedAt is not null)
        {
            return over; // Nothing is committed.
        }

        if (await db.Memberships.AnyAsync(m => m.TeamId == invitation.TeamId && m.UserId == actor.UserId, ct))
        {
            return new Failure(FailureKind.Conflict, "teams.already_member");
        }

        db.Memberships.Add(new Membership { TeamId = invitation.TeamId, UserId = actor.UserId, Role = invitation.Role, JoinedAt = now });
        await db.SaveChangesAsync(ct);
        await AnsweredAsync(db, actor, invitation, "accept", "invitation_accepted", link, ct);
        await transaction.CommitAsync(ct);
        notifications.Published(invitation.InvitedBy);
        return invitation.Team.Slug;
    }

    /// <summary>Declines.</summary>
    public async Task<Outcome> DeclineAsync(Actor actor, Guid id, Func<string, Uri> link, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var address = await ConfirmedAddressAsync(db, actor, ct);
        var invitation = await db.TeamInvitations.AsNoTracking().Include(i => i.Team).SingleOrDefaultAsync(i => i.Id == id && i.NormalizedEmail == address, ct);
        if (invitation is null)
        {
            return Failure.NotFound;
        }

        var taken = await db.TeamInvitations.Where(i => i.Id == id && i.State == InvitationState.Pending)
            .ExecuteUpdateAsync(s => s.SetProperty(i => i.State, InvitationState.Declined).SetProperty(i => i.AnsweredAt, now), ct);
        if (taken != 1)
        {
            return new Failure(FailureKind.Expired, "invitations.over");
        }

        await AnsweredAsync(db, actor, invitation, "decline", "invitation_declined", link, ct);
        await transaction.CommitAsync(ct);
        notifications.Published(invitation.InvitedBy);
        return Outcome.Ok;
    }

    private async Task AnsweredAsync(AppDbContext db, Actor actor, TeamInvitation invitation, string operation, string key, Func<string, Uri> link, CancellationToken ct)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == invitation.InvitedBy, ct) is { } inviter)
        {
            await notifications.AddAsync(db, Recipients.For(inviter), new NewNotification(NotificationType.Teams, key, [actor.Name, invitation.Team!.Name], $"/t/{invitation.Team.Slug}/members", invitation.TeamId), link("/"), ct);
        }

        await activity.RecordAsync(db, actor, new ActivityEvent("invitations." + operation, "team", invitation.TeamId.ToString(), invitation.Team!.Name, operation == "accept" ? invitation.TeamId : null), ct);
    }

    private IQueryable<ReceivedInvitation> Received(AppDbContext db, IQueryable<TeamInvitation> which)
    {
        var now = clock.GetUtcNow();
        return which.AsNoTracking().Join(db.Users, i => i.InvitedBy, u => u.Id, (i, u) => new { i, u.Name })
            .Select(x => new ReceivedInvitation(
                x.i.Id, x.i.Team!.Name, x.i.Team.Slug, x.i.Role, x.Name, x.i.CreatedAt, x.i.ExpiresAt, x.i.State, x.i.State == InvitationState.Pending && x.i.ExpiresAt <= now));
    }

    /// <summary>The actor's address, if it is confirmed: matching by an unconfirmed one would give a team to whoever types its address.</summary>
    private static async Task<string?> ConfirmedAddressAsync(AppDbContext db, Actor actor, CancellationToken ct) => actor.Kind != ActorKind.User
        ? null
        : await db.Users.Where(u => u.Id == actor.UserId && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null).Select(u => u.NormalizedEmail).SingleOrDefaultAsync(ct);
}
