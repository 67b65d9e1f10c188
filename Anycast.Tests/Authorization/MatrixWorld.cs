using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.ApiTokens;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Authorization;

/// <summary>A team with a person of every role, and everybody who has no business in it. Made anew for each cell, because methods change it.</summary>
internal sealed class MatrixWorld
{
    /// <summary>The columns of the matrix.</summary>
    public static readonly string[] Callers = ["anonymous", "stranger", "viewer", "member", "admin", "owner", "support", "operator", "restricted", "unproven", "blocked", "deleted", "token", "read token"];

    private readonly Dictionary<string, Actor> _actors = [];

    public Guid TeamId { get; private set; }

    public string Slug { get; private set; } = "";

    /// <summary>A member who is done unto.</summary>
    public Guid TargetId { get; private set; }

    public Guid TargetSession { get; private set; }

    public Guid InvitationId { get; private set; }

    public Guid TokenId { get; private set; }

    /// <summary>The picture of the member who is done unto.</summary>
    public Guid AvatarId { get; } = Guid.NewGuid();

    public const string ClusterSlug = "cluster";

    /// <summary>A cluster of the team whose agent is away.</summary>
    public Guid ClusterId { get; } = Guid.NewGuid();

    /// <summary>A change that the owner proposed.</summary>
    public Guid ProposalId { get; } = Guid.NewGuid();

    /// <summary>A chat of the owner's.</summary>
    public Guid ConversationId { get; } = Guid.NewGuid();

    public Actor this[string caller] => _actors[caller];

    public static async Task<MatrixWorld> MakeAsync(IServiceProvider services, TimeProvider clock)
    {
        var world = new MatrixWorld { TeamId = Ids.New(clock), Slug = "t" + Guid.NewGuid().ToString("N")[..16], InvitationId = Ids.New(clock), TokenId = Ids.New(clock) };
        var now = clock.GetUtcNow();
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        var other = new Team { Id = Ids.New(clock), Slug = "o" + Guid.NewGuid().ToString("N")[..16], Name = "Other", CreatedAt = now };
        db.Teams.AddRange(new Team { Id = world.TeamId, Slug = world.Slug, Name = "Team", CreatedAt = now }, other);

        Actor Person(string name, TeamRole? role, Guid? team = null, PlatformRoles roles = PlatformRoles.User, Action<User>? more = null, DateTimeOffset? provenAt = null)
        {
            var user = services.NewUser($"{name.Replace(' ', '-')}-{Guid.NewGuid():N}@example.org", name);
            user.EmailConfirmed = true;
            user.Roles = roles;
            user.TermsVersion = new Anycast.Core.Accounts.Terms.TermsOptions().Version;
            more?.Invoke(user);
            db.Users.Add(user);
            if (role is { } given)
            {
                db.Memberships.Add(new Membership { TeamId = team ?? world.TeamId, UserId = user.Id, Role = given, JoinedAt = now });
            }

            var session = Ids.New(clock);
            db.Sessions.Add(new Session { Id = session, UserId = user.Id, KeyHash = Ids.Hash(Ids.Secret()), Ticket = [1], CreatedAt = now, LastSeenAt = now, ProvenAt = provenAt ?? now });
            return world._actors[name] = ActorFactory.For(user, session, "192.0.2.1", "Firefox, Linux");
        }

        world._actors["anonymous"] = Actor.Anonymous;
        Person("stranger", TeamRole.Owner, other.Id);
        Person("viewer", TeamRole.Viewer);
        Person("member", TeamRole.Member);
        Person("admin", TeamRole.Admin);
        var owner = Person("owner", TeamRole.Owner);
        Person("restricted", TeamRole.Owner, more: u => u.RestrictedAt = now);
        Person("unproven", TeamRole.Owner, provenAt: now - StepUpService.Lasts);
        Person("support", null, roles: PlatformRoles.Support);
        Person("operator", null, roles: PlatformRoles.Operator);
        Person("blocked", TeamRole.Admin, more: u => u.BlockedAt = now);
        Person("deleted", TeamRole.Admin, more: u => u.DeletedAt = now);
        var target = Person("target", TeamRole.Member);
        world.TargetId = target.UserId;
        db.Avatars.Add(new Anycast.Core.Accounts.Avatars.Avatar { UserId = target.UserId, Id = world.AvatarId, Image = [1], UploadedAt = now });
        world.TargetSession = target.SessionId!.Value;
        world._actors["token"] = owner with { Kind = ActorKind.ApiToken, SessionId = null, TokenId = world.TokenId, TokenTeamId = world.TeamId, Scopes = ApiScopes.All };
        world._actors["read token"] = world._actors["token"] with { Scopes = ApiScopes.Read };

        db.TeamInvitations.Add(new TeamInvitation
        {
            Id = world.InvitationId, TeamId = world.TeamId, Email = "guest@example.org", NormalizedEmail = "GUEST@EXAMPLE.ORG", Role = TeamRole.Viewer,
            Hash = Ids.Hash(Ids.Secret()), InvitedBy = owner.UserId, CreatedAt = now, ExpiresAt = now.AddDays(7),
        });
        db.ApiTokens.Add(new ApiToken
        {
            Id = world.TokenId, UserId = owner.UserId, TeamId = world.TeamId, Name = "token", Hash = Ids.Hash(Ids.Secret()), Ending = "abcd", Scopes = ApiScopes.All, CreatedAt = now, ExpiresAt = now.AddDays(30),
        });
        db.Notifications.Add(new Notification { UserId = owner.UserId, Seq = 1, Type = NotificationType.Teams, Key = "invitation", Args = ["a", "b", "c"], Link = "/", At = now });
        db.UserCounters.Add(new UserCounter { UserId = owner.UserId, Log = UserLog.Notifications, LastSeq = 1, Count = 1 }); // Whoever is told something next gets the next number.
        db.Clusters.Add(new Cluster { Id = world.ClusterId, TeamId = world.TeamId, Slug = ClusterSlug, Name = "Cluster", CreatedAt = now });
        db.Conversations.Add(new Conversation { UserId = owner.UserId, Seq = 1000, Id = world.ConversationId, TeamId = world.TeamId, Title = "Chat", CreatedAt = now, UpdatedAt = now });
        db.Proposals.Add(new Proposal
        {
            Id = world.ProposalId, TeamId = world.TeamId, ClusterId = world.ClusterId, ClusterName = "Cluster", ProposerId = owner.UserId, ProposerName = "owner", Tool = "scale", ToolVersion = 1, Operation = OperationNames.Scale,
            TargetGroup = "apps", TargetKind = "Deployment", TargetNamespace = "shop", TargetName = "checkout", TargetUid = "u", Nonce = Ids.Secret(), CreatedAt = now, ExpiresAt = now.AddMinutes(10), State = ProposalState.Proposed,
        });
        await db.SaveChangesAsync();
        return world;
    }

    /// <summary>What a parameter gets, by what it is called.</summary>
    public object? Argument(string name, Type type, Type service) => (name, type) switch
    {
        ("team" or "slug", _) when type == typeof(string) => Slug,
        ("teamId", _) => TeamId,
        ("cluster", _) => ClusterSlug,
        ("clusterId", _) => ClusterId,
        ("typedName", _) when service.Name == "TeamDeletion" => "Team",
        ("typedName", _) => "Cluster",
        ("proposalId", _) => ProposalId,
        ("conversationId", _) => ConversationId,
        ("id", _) when service.Name == "ConversationService" => ConversationId,
        ("kind", _) when type == typeof(string) => "Deployment",
        ("ns", _) => "shop",
        (_, _) when type == typeof(int) => 10,
        (_, _) when type == typeof(DateTimeOffset) => DateTimeOffset.UnixEpoch,
        (_, _) when type == typeof(ClusterAccessKind) => ClusterAccessKind.ReadOnly,
        (_, _) when type == typeof(Anycast.Tunnel.Logs.LogQuery) => new Anycast.Tunnel.Logs.LogQuery("shop", "checkout"),
        (_, _) when type == typeof(Anycast.Tunnel.ConfigData.ConfigQuery) => new Anycast.Tunnel.ConfigData.ConfigQuery("shop", "checkout"),
        (_, _) when type == typeof(Anycast.Tunnel.OptIns.OptInKind) => Anycast.Tunnel.OptIns.OptInKind.ConfigData,
        (_, _) when type == typeof(ObjectQuery) => new ObjectQuery("shop"),
        (_, _) when type == typeof(DepartureFilter) => new DepartureFilter(),
        (_, _) when type == typeof(ProposalRequest) => new ProposalRequest(ClusterId, OperationNames.Scale, new OperationTarget("apps", "Deployment", "shop", "checkout"), [new LeafChange("spec.replicas", "2")], "test"),
        ("userId", _) => TargetId,
        ("sessionId", _) => TargetSession,
        ("email" or "newAddress", _) => "somebody-new@example.org",
        ("current" or "password" or "secret", _) => "not the right one at all",
        ("language", _) => "de",
        ("search", _) => null,
        ("feature", _) => "activity-api",
        ("upload", _) => new MemoryStream(Accounts.AvatarTests.Picture(8, 8, SkiaSharp.SKEncodedImageFormat.Png)),
        ("avatarId", _) => AvatarId,
        ("passkeyId", _) => "AAAA",
        ("passkey", _) => new Microsoft.AspNetCore.Identity.UserPasskeyInfo(Guid.NewGuid().ToByteArray(), [1], DateTimeOffset.UnixEpoch, 0, null, true, false, false, [1], [1]),
        ("version", _) => new Anycast.Core.Accounts.Terms.TermsOptions().Version,
        ("code", _) => "000000",
        (_, _) when type == typeof(string) => "Name",
        (_, _) when type == typeof(Guid) => InvitationId,
        (_, _) when type == typeof(long) => 1L,
        (_, _) when type == typeof(bool) => true,
        (_, _) when type == typeof(TeamRole) => TeamRole.Viewer,
        (_, _) when type == typeof(ApiScopes) => ApiScopes.Read,
        (_, _) when type == typeof(PlatformRoles) => PlatformRoles.Author,
        (_, _) when type == typeof(NotificationType) => NotificationType.Teams,
        (_, _) when type == typeof(Anycast.Core.Accounts.Profile.PreferenceChange) => new Anycast.Core.Accounts.Profile.PreferenceChange(Scheme: "dark"),
        (_, _) when type == typeof(PageRequest) => new PageRequest(),
        (_, _) when type == typeof(Anycast.Core.Activity.ActivityFilter) => new Anycast.Core.Activity.ActivityFilter(),
        (_, _) when type == typeof(Func<string, Uri>) => (Func<string, Uri>)(path => new Uri(new Uri("https://anycast.test"), path)),
        (_, _) when type == typeof(CancellationToken) => CancellationToken.None,
        _ => throw new InvalidOperationException($"The matrix has no value for a parameter '{name}' of type {type.Name}; say one in MatrixWorld.Argument."),
    };
}
