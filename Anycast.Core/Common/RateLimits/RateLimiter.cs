using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Common.RateLimits;

/// <summary>A limit: so many tries in a window of time.</summary>
public sealed record RateLimit(string Name, int Tries, TimeSpan Window);

/// <summary>The limits of sensitive operations (S06), in one place.</summary>
public static class RateLimitTable
{
    public static readonly RateLimit SignIn = new("sign-in", 10, TimeSpan.FromMinutes(15));
    public static readonly RateLimit SignInByAddress = new("sign-in-address", 60, TimeSpan.FromMinutes(15));
    public static readonly RateLimit Registration = new("registration", 20, TimeSpan.FromHours(1));
    public static readonly RateLimit MailToAccount = new("mail-to-account", 5, TimeSpan.FromHours(1));
    /// <summary>For one address from one network, so that a stranger elsewhere does not use up the owner's.</summary>
    public static readonly RateLimit PinMails = new("pin-mails", 5, TimeSpan.FromHours(1));

    /// <summary>For one address from everywhere: what a mailbox has to bear.</summary>
    public static readonly RateLimit PinMailsInAll = new("pin-mails-in-all", 20, TimeSpan.FromHours(1));

    /// <summary>As <see cref="PinMails"/>, for links to a new password.</summary>
    public static readonly RateLimit ResetMails = new("reset-mails", 5, TimeSpan.FromHours(1));
    public static readonly RateLimit ResetMailsInAll = new("reset-mails-in-all", 20, TimeSpan.FromHours(1));

    /// <summary>As <see cref="PinMails"/>, for links that confirm an address once more.</summary>
    public static readonly RateLimit ConfirmationMails = new("confirmation-mails", 5, TimeSpan.FromHours(1));
    public static readonly RateLimit ConfirmationMailsInAll = new("confirmation-mails-in-all", 20, TimeSpan.FromHours(1));

    /// <summary>Registrations of one address, each with its mail. Apart from the mails sent once more, so that those asked for by a stranger use up nobody's registration.</summary>
    public static readonly RateLimit RegistrationMails = new("registration-mails", 5, TimeSpan.FromHours(1));
    public static readonly RateLimit RegistrationMailsInAll = new("registration-mails-in-all", 20, TimeSpan.FromHours(1));
    public static readonly RateLimit SecondFactor = new("second-factor", 5, TimeSpan.FromMinutes(5));
    public static readonly RateLimit SecondFactorDaily = new("second-factor-daily", 100, TimeSpan.FromDays(1));
    public static readonly RateLimit StepUp = new("step-up", 10, TimeSpan.FromMinutes(15));
    public static readonly RateLimit EmailChange = new("email-change", 5, TimeSpan.FromHours(1));
    public static readonly RateLimit TokenCreation = new("token-creation", 10, TimeSpan.FromHours(1));
    public static readonly RateLimit TokenFailures = new("token-failures", 100, TimeSpan.FromMinutes(15));
    public static readonly RateLimit Invitations = new("invitations", 20, TimeSpan.FromHours(1));
    public static readonly RateLimit Avatars = new("avatars", 20, TimeSpan.FromHours(1));
    public static readonly RateLimit Passkeys = new("passkeys", 60, TimeSpan.FromMinutes(15));
    public static readonly RateLimit Setup = new("setup", 20, TimeSpan.FromMinutes(15));
    public static readonly RateLimit Enrolment = new("enrolment", 20, TimeSpan.FromMinutes(15));
    public static readonly RateLimit EnrolmentTokens = new("enrolment-tokens", 30, TimeSpan.FromHours(1));
    public static readonly RateLimit Questions = new("assistant-questions", 60, TimeSpan.FromMinutes(10));
    public static readonly RateLimit Proposals = new("proposals", 60, TimeSpan.FromMinutes(10));
}

/// <summary>
/// Counts in the database, so that replicas share one count and a restart forgets nothing. Called by the services: a click in a circuit
/// passes no middleware. When the store fails, the exception refuses the operation: a limit never fails open.
/// </summary>
public sealed partial class RateLimiter(IDbContextFactory<AppDbContext> contexts, ServiceKeys keys, TimeProvider clock, ILogger<RateLimiter> log)
{
    /// <summary>Counts one try for <paramref name="subject"/>; a failure with <see cref="Failure.RetryAfter"/> beyond the limit.</summary>
    public async Task<Failure?> TakeAsync(RateLimit limit, string subject, CancellationToken ct)
    {
        var key = Key(limit, subject);
        var now = clock.GetUtcNow();
        var resets = now + limit.Window;
        await using var db = await contexts.CreateDbContextAsync(ct);

        // One statement that counts, or begins a new window: parallel tries cannot slip through between a read and a write.
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO "RateBuckets" ("Key", "Count", "ResetsAt") VALUES ({key}, 1, {resets.UtcTicks})
            ON CONFLICT ("Key") DO UPDATE SET
              "Count" = CASE WHEN "RateBuckets"."ResetsAt" <= {now.UtcTicks} THEN 1 ELSE "RateBuckets"."Count" + 1 END,
              "ResetsAt" = CASE WHEN "RateBuckets"."ResetsAt" <= {now.UtcTicks} THEN {resets.UtcTicks} ELSE "RateBuckets"."ResetsAt" END
            """,
            ct);
        var bucket = await db.RateBuckets.AsNoTracking().SingleAsync(b => b.Key == key, ct);
        if (bucket.Count <= limit.Tries)
        {
            return null;
        }

        if (bucket.Count == limit.Tries + 1)
        {
            Reached(log, limit.Name); // Once a window: whoever floods the service does not flood its log.
        }

        var wait = bucket.ResetsAt - now;
        return new Failure(FailureKind.TooMany, "too_many", Math.Max(1, (int)Math.Ceiling(wait.TotalMinutes))) { RetryAfter = wait };
    }

    /// <summary>Gives back one try that turned out to be no guess. The others of the window stay counted.</summary>
    public async Task GiveBackAsync(RateLimit limit, string subject, CancellationToken ct)
    {
        var key = Key(limit, subject);
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.RateBuckets.Where(b => b.Key == key && b.Count > 0).ExecuteUpdateAsync(s => s.SetProperty(b => b.Count, b => b.Count - 1), ct);
    }

    /// <summary>Deletes windows that are over.</summary>
    public async Task<int> PurgeAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.RateBuckets.Where(b => b.ResetsAt <= now).ExecuteDeleteAsync(ct);
    }

    /// <summary>The network a limit counts by: an IPv4 address, or the /64 of an IPv6 address, of which one person has 2^64.</summary>
    public static string Network(string? ip)
    {
        if (!IPAddress.TryParse(ip, out var address))
        {
            return "unknown";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }

    private string Key(RateLimit limit, string subject) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(keys.Get(ServiceKeys.RateLimits), Encoding.UTF8.GetBytes(limit.Name + "\n" + subject)));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The limit {Limit} was reached.")]
    private static partial void Reached(ILogger log, string limit);
}
