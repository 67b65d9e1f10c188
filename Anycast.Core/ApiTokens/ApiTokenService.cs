using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.ApiTokens;

/// <summary>A token as its owner sees it in the list.</summary>
public sealed record ApiTokenRow(
    Guid Id, string Name, string Ending, string TeamName, ApiScopes Scopes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt, string? LastUsedIp);

/// <summary>A new token: <paramref name="Secret"/> is shown this once.</summary>
public sealed record NewApiToken(Guid Id, string Secret, DateTimeOffset ExpiresAt);

/// <summary>API tokens (D22, S05).</summary>
public sealed class ApiTokenService(
    IDbContextFactory<AppDbContext> contexts,
    TeamAccess access,
    StepUpService stepUp,
    RateLimiter limiter,
    ActivityLog activity,
    TimeProvider clock)
{
    /// <summary>Absolute life of a token; the privacy page takes its figure from here.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Use is recorded at most this late.</summary>
    public static readonly TimeSpan Granularity = TimeSpan.FromSeconds(60);

    public const int NameMaxLength = 60;
    public const int PerUser = 50;

    /// <summary>Makes a token for one of the actor's teams. Needs a fresh proof; a token cannot make tokens.</summary>
    public async Task<Outcome<NewApiToken>> CreateAsync(Actor actor, string team, string name, ApiScopes scopes, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        var grant = await access.AuthorizeAsync(actor, team, Permission.TeamView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (string.IsNullOrWhiteSpace(name) || name.Trim().Length > NameMaxLength || name.Any(char.IsControl))
        {
            return new Failure(FailureKind.Invalid, "tokens.name_invalid", NameMaxLength);
        }

        if (scopes == ApiScopes.None || (scopes & ~ApiScopes.All) != 0)
        {
            return new Failure(FailureKind.Invalid, "tokens.scopes_missing");
        }

        if (await limiter.TakeAsync(RateLimitTable.TokenCreation, actor.UserId.ToString("N"), ct) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.ApiTokens.CountAsync(t => t.UserId == actor.UserId, ct) >= PerUser)
        {
            return new Failure(FailureKind.TooMany, "tokens.too_many", PerUser);
        }

        var secret = TokenFormat.New();
        var now = clock.GetUtcNow();
        var token = new ApiToken
        {
            Id = Ids.New(clock),
            UserId = actor.UserId,
            TeamId = grant.Value.TeamId,
            Name = name.Trim(),
            Hash = Ids.Hash(secret),
            Ending = secret[^4..],
            Scopes = scopes,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        db.ApiTokens.Add(token);
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("tokens.create", "token", token.Id.ToString(), token.Name, token.TeamId, Detail: scopes.ToString()), ct);
        await transaction.CommitAsync(ct);
        return new NewApiToken(token.Id, secret, token.ExpiresAt);
    }

    /// <summary>The actor's own tokens, newest first.</summary>
    public async Task<IReadOnlyList<ApiTokenRow>> ListAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.ApiTokens.AsNoTracking().Where(t => actor.Kind == ActorKind.User && t.UserId == actor.UserId)
            .Join(db.Teams, t => t.TeamId, t => t.Id, (token, team) => new { token, team.Name })
            .OrderByDescending(x => x.token.CreatedAt)
            .Take(PerUser)
            .Select(x => new ApiTokenRow(
                x.token.Id, x.token.Name, x.token.Ending, x.Name, x.token.Scopes, x.token.CreatedAt, x.token.ExpiresAt, x.token.LastUsedAt, x.token.LastUsedIp))
            .ToListAsync(ct);
    }

    /// <summary>Ends a token at once.</summary>
    public async Task<Outcome> RevokeAsync(Actor actor, Guid id, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var token = await db.ApiTokens.AsNoTracking().SingleOrDefaultAsync(t => t.UserId == actor.UserId && t.Id == id, ct);
        if (token is null || await db.ApiTokens.Where(t => t.Id == id).ExecuteDeleteAsync(ct) != 1)
        {
            return Failure.NotFound;
        }

        await activity.RecordAsync(actor, new ActivityEvent("tokens.revoke", "token", id.ToString(), token.Name, token.TeamId), ct);
        return Outcome.Ok;
    }

    /// <summary>Who a presented token acts for. <c>token_invalid</c> and <c>token_expired</c> are for its holder; a wrong one costs a try.</summary>
    public async Task<Outcome<Actor>> AuthenticateAsync(string presented, string? ip, string? device, CancellationToken ct)
    {
        var invalid = new Failure(FailureKind.Forbidden, "token_invalid");
        if (!TokenFormat.IsWellFormed(presented))
        {
            return await limiter.TakeAsync(RateLimitTable.TokenFailures, RateLimiter.Network(ip), ct) ?? invalid;
        }

        var hash = Ids.Hash(presented);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.ApiTokens.AsNoTracking().Where(t => t.Hash == hash)
            .Join(db.Users, t => t.UserId, u => u.Id, (token, user) => new { token, user })
            .SingleOrDefaultAsync(ct);
        if (found is null || found.user is not { EmailConfirmed: true, BlockedAt: null, DeletedAt: null })
        {
            return await limiter.TakeAsync(RateLimitTable.TokenFailures, RateLimiter.Network(ip), ct) ?? invalid;
        }

        if (found.token.ExpiresAt <= now)
        {
            return new Failure(FailureKind.Expired, "token_expired");
        }

        if (found.token.LastUsedAt is not { } used || used < now - Granularity)
        {
            await db.ApiTokens.Where(t => t.Id == found.token.Id).ExecuteUpdateAsync(s => s.SetProperty(t => t.LastUsedAt, now).SetProperty(t => t.LastUsedIp, ip), ct);
        }

        // A token never has its owner's platform roles: it is for one team.
        return ActorFactory.For(found.user, ip: ip, device: device) with
        {
            Kind = ActorKind.ApiToken,
            Roles = PlatformRoles.User,
            TokenId = found.token.Id,
            TokenTeamId = found.token.TeamId,
            Scopes = found.token.Scopes,
        };
    }
}
