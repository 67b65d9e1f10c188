using System.Security.Cryptography;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Accounts;

/// <summary>A session found by its key.</summary>
public sealed record FoundSession(Guid Id, Guid UserId, byte[] Ticket);

/// <summary>A sign-in, as its owner looks back on it.</summary>
public sealed record PastSignIn(DateTimeOffset At, string? Ip);

/// <summary>The sign-in of one session, and the one before it (K5).</summary>
public sealed record OwnSignIns(PastSignIn This, PastSignIn? Before);

/// <summary>Sessions on the server (D21, S04, K04). The cookie holds a random key; the row decides alone whether it is good.</summary>
public sealed class SessionService(IDbContextFactory<AppDbContext> contexts, ServiceKeys keys, ActivityLog activity, IOptions<SessionLimits> limits, TimeProvider clock, ILogger<SessionService> log)
{
    /// <summary>Activity is recorded at most this late.</summary>
    public static readonly TimeSpan Granularity = TimeSpan.FromSeconds(60);

    private byte[] TicketKey => keys.Get(ServiceKeys.SessionTickets);

    /// <summary>Opens a session; returns the key for the cookie.</summary>
    public async Task<string> OpenAsync(Guid sessionId, Guid userId, byte[] ticket, string? ip, string device, CancellationToken ct)
    {
        var key = Ids.Secret();
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.Sessions.Add(new Session
        {
            Id = sessionId,
            UserId = userId,
            KeyHash = Ids.Hash(key),
            Ticket = SealedBytes.Seal(TicketKey, ticket, sessionId.ToString("N")),
            CreatedAt = now,
            LastSeenAt = now,
            ProvenAt = now,
            Ip = ip,
            Device = device,
        });
        await db.SaveChangesAsync(ct);
        return key;
    }

    /// <summary>Finds a live session by the cookie's key and records activity; <paramref name="countsAsActivity"/> is false for what a page does by itself.</summary>
    public async Task<FoundSession?> FindAsync(string key, CancellationToken ct, bool countsAsActivity = true)
    {
        var hash = Ids.Hash(key);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await Alive(db).AsNoTracking().SingleOrDefaultAsync(
            s => s.KeyHash == hash && db.Users.Any(u => u.Id == s.UserId && u.BlockedAt == null && u.DeletedAt == null), ct);
        if (row is null || TicketOf(row) is not { } ticket)
        {
            return null;
        }

        if (countsAsActivity && row.LastSeenAt < now - Granularity)
        {
            await db.Sessions.Where(s => s.Id == row.Id && s.LastSeenAt == row.LastSeenAt).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastSeenAt, now), ct);
        }

        return new FoundSession(row.Id, row.UserId, ticket);
    }

    /// <summary>Null when it does not open (altered, or of another key): such a session is nobody's, and its browser signs in again.</summary>
    private byte[]? TicketOf(Session row)
    {
        try
        {
            return SealedBytes.Open(TicketKey, row.Ticket, row.Id.ToString("N"));
        }
        catch (CryptographicException e)
        {
            log.LogWarning(e, "The ticket of session {Session} does not open; it counts as signed out", row.Id);
            return null;
        }
    }

    /// <summary>Whether a session still lives and its user may still act.</summary>
    public async Task<bool> IsAliveAsync(Guid sessionId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await Alive(db).Where(s => s.Id == sessionId)
            .Join(db.Users.Where(u => u.BlockedAt == null && u.DeletedAt == null), s => s.UserId, u => u.Id, (s, u) => s.Id)
            .AnyAsync(ct);
    }

    /// <summary>As <see cref="IsAliveAsync"/>, and records activity of a circuit.</summary>
    public async Task<bool> TouchAsync(Guid sessionId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var stale = now - Granularity;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await Alive(db).Where(s => s.Id == sessionId)
            .Join(db.Users.Where(u => u.BlockedAt == null && u.DeletedAt == null), s => s.UserId, u => u.Id, (s, u) => new { s.LastSeenAt })
            .SingleOrDefaultAsync(ct);
        if (found is null)
        {
            return false;
        }

        if (found.LastSeenAt < stale)
        {
            await db.Sessions.Where(s => s.Id == sessionId).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastSeenAt, now), ct);
        }

        return true;
    }

    /// <summary>
    /// Replaces the ticket of a session (renewal). A session that was ended meanwhile stays ended, and a ticket of another user or session changes
    /// nothing: the framework renews at the end of a request, when much may have happened.
    /// </summary>
    public async Task RenewAsync(string key, Guid sessionId, Guid userId, byte[] ticket, CancellationToken ct)
    {
        var hash = Ids.Hash(key);
        var sealedTicket = SealedBytes.Seal(TicketKey, ticket, sessionId.ToString("N"));
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Sessions.Where(s => s.KeyHash == hash && s.Id == sessionId && s.UserId == userId).ExecuteUpdateAsync(s => s.SetProperty(x => x.Ticket, sealedTicket), ct);
    }

    /// <summary>Gives a live session a new key; the old one is void at once, circuits go on (T20). Null when the session is gone.</summary>
    public async Task<string?> RekeyAsync(Guid sessionId, byte[] ticket, CancellationToken ct)
    {
        var key = Ids.Secret();
        var hash = Ids.Hash(key);
        var sealedTicket = SealedBytes.Seal(TicketKey, ticket, sessionId.ToString("N"));
        await using var db = await contexts.CreateDbContextAsync(ct);
        var changed = await db.Sessions.Where(s => s.Id == sessionId).ExecuteUpdateAsync(s => s.SetProperty(x => x.KeyHash, hash).SetProperty(x => x.Ticket, sealedTicket), ct);
        return changed == 1 ? key : null;
    }

    /// <summary>Ends the session of a cookie's key.</summary>
    public async Task CloseAsync(string key, CancellationToken ct)
    {
        var hash = Ids.Hash(key);
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Sessions.Where(s => s.KeyHash == hash).ExecuteDeleteAsync(ct);
    }

    /// <summary>Ends all sessions of a user but one.</summary>
    public async Task<int> CloseOthersAsync(Guid userId, Guid? keep, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Sessions.Where(s => s.UserId == userId && s.Id != keep).ExecuteDeleteAsync(ct);
    }

    /// <summary>A user's own live sessions, newest activity first.</summary>
    public async Task<IReadOnlyList<Session>> ListAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await Alive(db).AsNoTracking().Where(s => actor.Kind == ActorKind.User && s.UserId == actor.UserId).OrderByDescending(s => s.LastSeenAt).Take(200).ToListAsync(ct);
    }

    /// <summary>
    /// The sign-in of the session that asks, and the one before it, whatever other browsers did since: their sign-ins are not the reader's own, and
    /// somebody else's must not look like it. The one before comes from the log, since its session may have ended.
    /// </summary>
    public async Task<Outcome<OwnSignIns>> SignInsAsync(Actor actor, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Sessions.AsNoTracking().SingleOrDefaultAsync(s => s.Id == actor.SessionId && s.UserId == actor.UserId, ct) is not { } session)
        {
            return Failure.NotFound;
        }

        // The sign-in is logged first, its session opened right after.
        var signIns = db.ActivityEntries.Where(e => e.UserId == actor.UserId && e.Operation == "account.sign_in" && e.Result == ActivityResult.Done && e.LastAt <= session.CreatedAt);
        var own = await signIns.Where(e => e.Ip == session.Ip && (e.Device ?? "") == session.Device).OrderByDescending(e => e.Seq).Select(e => (long?)e.Seq).FirstOrDefaultAsync(ct);
        var before = own is { } seq
            ? await signIns.Where(e => e.Seq < seq).OrderByDescending(e => e.Seq).Select(e => new PastSignIn(e.LastAt, e.Ip)).FirstOrDefaultAsync(ct)
            : null;
        return new OwnSignIns(new PastSignIn(session.CreatedAt, session.Ip), before);
    }

    /// <summary>Ends one of the user's own sessions; its open circuits end within five seconds, on every replica.</summary>
    public async Task<Outcome> RevokeAsync(Actor actor, Guid sessionId, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Sessions.Where(s => s.UserId == actor.UserId && s.Id == sessionId).ExecuteDeleteAsync(ct) != 1)
        {
            return Failure.NotFound;
        }

        await activity.RecordAsync(actor, new ActivityEvent("sessions.revoke", "session", sessionId.ToString()), ct);
        return Outcome.Ok;
    }

    /// <summary>Ends all of the user's sessions but the one that asks. Returns how many ended.</summary>
    public async Task<Outcome<int>> RevokeOthersAsync(Actor actor, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User || actor.SessionId is null)
        {
            return Failure.Forbidden;
        }

        var ended = await CloseOthersAsync(actor.UserId, actor.SessionId, ct);
        await activity.RecordAsync(actor, new ActivityEvent("sessions.revoke_others", "user", actor.UserId.ToString(), Detail: ended.ToString(System.Globalization.CultureInfo.InvariantCulture)), ct);
        return ended;
    }

    /// <summary>Deletes rows whose time is over (K04).</summary>
    public async Task<int> PurgeAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var living = Alive(db).Select(s => s.Id);
        return await db.Sessions.Where(s => !living.Contains(s.Id)).ExecuteDeleteAsync(ct);
    }

    /// <summary>The one definition of a live session: neither idle too long nor, where the installation says so, too old.</summary>
    private IQueryable<Session> Alive(AppDbContext db)
    {
        var now = clock.GetUtcNow();
        var seenAfter = now - limits.Value.Idle;
        var living = db.Sessions.Where(s => s.LastSeenAt > seenAfter);
        if (limits.Value.Overall is not { } overall)
        {
            return living;
        }

        var madeAfter = now - overall;
        return living.Where(s => s.CreatedAt > madeAfter);
    }
}
