using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Notifications;

/// <summary>A notification to make. <paramref name="Link"/> is a path of this site.</summary>
public sealed record NewNotification(NotificationType Type, string Key, IReadOnlyList<string> Args, string Link, Guid? TeamId = null);

/// <summary>What a user chose for one type. The type Security cannot be switched off, here or by mail (N7).</summary>
public sealed record NotificationChoice(NotificationType Type, bool InApp, bool Mail)
{
    public bool IsFixed => Type == NotificationType.Security;
}

/// <summary>Notifications and messages to users (D15): a person's own; a token, which is for one team, sees and changes none.</summary>
public sealed class NotificationService(IDbContextFactory<AppDbContext> contexts, MailQueue mail, TimeProvider clock)
{
    /// <summary>The newest so many are kept per user.</summary>
    public const int KeptPerUser = 1000;

    /// <summary>How long a notification is kept once it was read.</summary>
    public static readonly TimeSpan ReadKept = TimeSpan.FromDays(90);

    /// <summary>A user's list changed, in this process. Other replicas see it at their next look.</summary>
    public event Action<Guid>? Changed;

    /// <summary>
    /// Adds a notification and, where the user wants it, the mail, within the caller's transaction. Call <see cref="Published"/> after commit.
    /// <paramref name="root"/> is the public address for the mail's link; without one the mail has none.
    /// </summary>
    public async Task AddAsync(AppDbContext db, Recipient to, NewNotification what, Uri? root, CancellationToken ct)
    {
        var choice = await ChoiceAsync(db, to.UserId, what.Type, ct);
        if (choice.InApp)
        {
            var seq = await db.NextAsync(to.UserId, UserLog.Notifications, ct);
            db.Notifications.Add(new Notification
            {
                UserId = to.UserId,
                Seq = seq,
                Type = what.Type,
                Key = what.Key,
                Args = [.. what.Args],
                Link = what.Link,
                TeamId = what.TeamId,
                At = clock.GetUtcNow(),
            });
            var beyond = seq - KeptPerUser;
            await db.Notifications.Where(n => n.UserId == to.UserId && n.Seq <= beyond).ExecuteDeleteAsync(ct);
        }

        if (choice.Mail)
        {
            mail.Add(db, NotificationTexts.Mail(to, what, root is null ? null : new Uri(root, what.Link)));
        }

        await db.SaveChangesAsync(ct);
    }

    /// <summary>Adds in a transaction of its own, and tells open pages.</summary>
    public async Task SendAsync(Recipient to, NewNotification what, Uri? root, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await AddAsync(db, to, what, root, ct);
        await transaction.CommitAsync(ct);
        Published(to.UserId);
    }

    /// <summary>Tells open pages that the caller's transaction added something.</summary>
    public void Published(Guid userId)
    {
        mail.Wake();
        Changed?.Invoke(userId);
    }

    /// <summary>How many are unread.</summary>
    public async Task<int> UnreadAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Notifications.CountAsync(n => actor.Kind == ActorKind.User && n.UserId == actor.UserId && n.ReadAt == null, ct);
    }

    /// <summary>A user's own list, newest first.</summary>
    public async Task<Page<Notification>> ListAsync(Actor actor, bool unreadOnly, PageRequest page, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var query = db.Notifications.AsNoTracking().Where(n => actor.Kind == ActorKind.User && n.UserId == actor.UserId && (!unreadOnly || n.ReadAt == null));
        var total = await query.CountAsync(ct);
        page = page.Within(total);
        return new Page<Notification>(await query.OrderByDescending(n => n.Seq).Skip(page.Skip).Take(page.Size).ToListAsync(ct), total, page);
    }

    /// <summary>Marks one as read or unread.</summary>
    public async Task<Outcome> MarkAsync(Actor actor, long seq, bool read, CancellationToken ct)
    {
        DateTimeOffset? at = read ? clock.GetUtcNow() : null;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var changed = await db.Notifications.Where(n => actor.Kind == ActorKind.User && n.UserId == actor.UserId && n.Seq == seq).ExecuteUpdateAsync(s => s.SetProperty(n => n.ReadAt, at), ct);
        Changed?.Invoke(actor.UserId);
        return changed == 1 ? Outcome.Ok : Failure.NotFound;
    }

    /// <summary>Marks all as read.</summary>
    public async Task MarkAllAsync(Actor actor, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Notifications.Where(n => actor.Kind == ActorKind.User && n.UserId == actor.UserId && n.ReadAt == null).ExecuteUpdateAsync(s => s.SetProperty(n => n.ReadAt, now), ct);
        Changed?.Invoke(actor.UserId);
    }

    /// <summary>Deletes one.</summary>
    public async Task<Outcome> DeleteAsync(Actor actor, long seq, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var gone = await db.Notifications.Where(n => actor.Kind == ActorKind.User && n.UserId == actor.UserId && n.Seq == seq).ExecuteDeleteAsync(ct);
        Changed?.Invoke(actor.UserId);
        return gone == 1 ? Outcome.Ok : Failure.NotFound;
    }

    /// <summary>What the user chose, for every type.</summary>
    public async Task<IReadOnlyList<NotificationChoice>> ChoicesAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var rows = await db.NotificationPreferences.AsNoTracking().Where(p => actor.Kind == ActorKind.User && p.UserId == actor.UserId).ToListAsync(ct);
        return [.. Enum.GetValues<NotificationType>().Select(type => Choice(type, rows.Find(r => r.Type == type)))];
    }

    /// <summary>Chooses for one type. What is about the safety of the account cannot be switched off.</summary>
    public async Task<Outcome> ChooseAsync(Actor actor, NotificationType type, bool inApp, bool byMail, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User || !Enum.IsDefined(type))
        {
            return Failure.Forbidden;
        }

        if (type == NotificationType.Security && !(inApp && byMail))
        {
            return Outcome.Invalid("notifications.security_stays");
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.NotificationPreferences.SingleOrDefaultAsync(p => p.UserId == actor.UserId && p.Type == type, ct);
        if (row is null)
        {
            row = new NotificationPreference { UserId = actor.UserId, Type = type };
            db.NotificationPreferences.Add(row);
        }

        row.InApp = inApp;
        row.Mail = byMail;
        await db.SaveChangesAsync(ct);
        return Outcome.Ok;
    }

    /// <summary>Deletes what was read long ago.</summary>
    public async Task<int> PurgeAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - ReadKept;
        await using var db = await contexts.CreateDbContextAsync(ct);
        
        // What is restricted is kept (R05).
        return await db.Notifications.Where(n => n.ReadAt != null && n.ReadAt <= before && !db.Users.Any(u => u.Id == n.UserId && u.RestrictedAt != null)).ExecuteDeleteAsync(ct);
    }

    private static async Task<NotificationChoice> ChoiceAsync(AppDbContext db, Guid userId, NotificationType type, CancellationToken ct) =>
        Choice(type, await db.NotificationPreferences.AsNoTracking().SingleOrDefaultAsync(p => p.UserId == userId && p.Type == type, ct));

    private static NotificationChoice Choice(NotificationType type, NotificationPreference? row) => row is null
        ? new NotificationChoice(type, InApp: true, Mail: type is not NotificationType.Assistant)
        : new NotificationChoice(type, type == NotificationType.Security || row.InApp, type == NotificationType.Security || row.Mail);
}
