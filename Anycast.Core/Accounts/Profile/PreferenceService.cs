using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Profile;

/// <summary>How an account wants its pages; null where nothing was ever chosen.</summary>
/// <param name="Language">Two letters, of pages and mails.</param>
/// <param name="Scheme"><c>system</c>, <c>light</c> or <c>dark</c>.</param>
/// <param name="Density"><c>comfortable</c> or <c>compact</c>.</param>
/// <param name="Rail">Width of the navigation: <c>open</c> or <c>closed</c>.</param>
/// <param name="TimeZone">An IANA name; null: the zone of the browser.</param>
public sealed record UserPreferences(string? Language, string? Scheme, string? Density, string? Rail, string? TimeZone)
{
    public static readonly UserPreferences None = new(null, null, null, null, null);
}

/// <summary>What to change; null leaves a preference as it is, an empty text forgets it.</summary>
public sealed record PreferenceChange(string? Language = null, string? Scheme = null, string? Density = null, string? Rail = null, string? TimeZone = null);

/// <summary>Preferences stand with the account, not in the browser (C01): they follow a person to every device, and the first paint is right.</summary>
public sealed class PreferenceService(IDbContextFactory<AppDbContext> contexts)
{
    /// <summary>The languages that are complete; the first is the neutral one.</summary>
    public static readonly IReadOnlyList<string> Languages = ["en", "de"];

    private static readonly string[] s_schemes = ["system", "light", "dark"];
    private static readonly string[] s_densities = ["comfortable", "compact"];
    private static readonly string[] s_rails = ["open", "closed"];

    /// <summary>The actor's own preferences; none for whoever has no account.</summary>
    public async Task<UserPreferences> GetAsync(Actor actor, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return UserPreferences.None;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Users.Where(u => u.Id == actor.UserId).Select(u => new UserPreferences(u.Language, u.Scheme, u.Density, u.Rail, u.TimeZone)).SingleOrDefaultAsync(ct)
            ?? UserPreferences.None;
    }

    /// <summary>Changes the actor's own preferences. A value that does not exist is refused, so that whatever is read back can be written into a page.</summary>
    public async Task<Outcome> SetAsync(Actor actor, PreferenceChange change, CancellationToken ct)
    {
        if (!IsOneOf(change.Language, Languages) || !IsOneOf(change.Scheme, s_schemes) || !IsOneOf(change.Density, s_densities) || !IsOneOf(change.Rail, s_rails) || !IsZone(change.TimeZone))
        {
            return Outcome.Invalid("accounts.preference_unknown");
        }

        if (actor.Kind != ActorKind.User)
        {
            return Failure.NotFound;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Users.SingleOrDefaultAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct) is not { } user)
        {
            return Failure.NotFound;
        }

        user.Language = Next(user.Language, change.Language);
        user.Scheme = Next(user.Scheme, change.Scheme);
        user.Density = Next(user.Density, change.Density);
        user.Rail = Next(user.Rail, change.Rail);
        user.TimeZone = Next(user.TimeZone, change.TimeZone);
        await db.SaveChangesAsync(ct);
        return Outcome.Ok;
    }

    private static bool IsOneOf(string? value, IReadOnlyList<string> known) => string.IsNullOrEmpty(value) || known.Contains(value);

    private static bool IsZone(string? value) => string.IsNullOrEmpty(value) || (TimeZoneInfo.TryFindSystemTimeZoneById(value, out var zone) && zone.HasIanaId && zone.Id == value);

    private static string? Next(string? now, string? wanted) => wanted switch
    {
        null => now,
        "" => null,
        _ => wanted,
    };
}
