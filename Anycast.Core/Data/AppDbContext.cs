using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Avatars;
using Anycast.Core.Accounts.Beta;
using Anycast.Core.Accounts.Marketing;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Activity;
using Anycast.Core.Agents;
using Anycast.Core.Agents.Rights;
using Anycast.Core.ApiTokens;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Mail;
using Anycast.Core.Notifications;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Core.Usage;
using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Data;

/// <summary>One model for both databases; mappings stand beside their entities. A context lives for one method.</summary>
public abstract class AppDbContext(DbContextOptions options) : IdentityUserContext<User, Guid>(options), IDataProtectionKeyContext
{
    // Common
    public DbSet<OwnerKey> OwnerKeys => Set<OwnerKey>();
    public DbSet<ServiceKey> ServiceKeys => Set<ServiceKey>();
    public DbSet<RateBucket> RateBuckets => Set<RateBucket>();
    public DbSet<UserCounter> UserCounters => Set<UserCounter>();
    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    // Activity, Mail
    public DbSet<ActivityEntry> ActivityEntries => Set<ActivityEntry>();
    public DbSet<TeamActivityEntry> TeamActivityEntries => Set<TeamActivityEntry>();
    public DbSet<OutboxMail> OutboxMails => Set<OutboxMail>();

    // Accounts
    public DbSet<AccountToken> AccountTokens => Set<AccountToken>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<TotpDevice> TotpDevices => Set<TotpDevice>();
    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();
    public DbSet<PasskeyChallenge> PasskeyChallenges => Set<PasskeyChallenge>();
    public DbSet<Avatar> Avatars => Set<Avatar>();
    public DbSet<BetaEnrolment> BetaEnrolments => Set<BetaEnrolment>();
    public DbSet<TermsAcceptance> TermsAcceptances => Set<TermsAcceptance>();
    public DbSet<MarketingConsent> MarketingConsents => Set<MarketingConsent>();
    public DbSet<SignInAttempt> SignInAttempts => Set<SignInAttempt>();

    // Notifications
    public DbSet<Notification> Notifications => Set<Notification>();
    public DbSet<NotificationPreference> NotificationPreferences => Set<NotificationPreference>();

    // Teams, ApiTokens
    public DbSet<Team> Teams => Set<Team>();
    public DbSet<Membership> Memberships => Set<Membership>();
    public DbSet<TeamInvitation> TeamInvitations => Set<TeamInvitation>();
    public DbSet<ApiToken> ApiTokens => Set<ApiToken>();

    // Clusters, Agents, Proposals
    public DbSet<Cluster> Clusters => Set<Cluster>();
    public DbSet<Departure> Departures => Set<Departure>();
    public DbSet<Agent> Agents => Set<Agent>();
    public DbSet<ClusterRights> ClusterRights => Set<ClusterRights>();
    public DbSet<EnrolmentToken> EnrolmentTokens => Set<EnrolmentToken>();
    public DbSet<Proposal> Proposals => Set<Proposal>();

    // Usage, Assistant
    public DbSet<UsageEntry> UsageEntries => Set<UsageEntry>();
    public DbSet<Conversation> Conversations => Set<Conversation>();
    public DbSet<Message> Messages => Set<Message>();
    public DbSet<ToolCall> ToolCalls => Set<ToolCall>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        // Instants as UTC ticks on both databases: SQLite cannot order DateTimeOffset, and both must sort alike.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicksConverter>();
        configurationBuilder.Properties<string>().HaveMaxLength(400);
        base.ConfigureConventions(configurationBuilder);
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(AppDbContext).Assembly);
    }
}
