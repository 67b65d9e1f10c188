using Anycast.Core.Accounts;
using Anycast.Core.Activity;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Anycast.Core.Notifications;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Harness;

/// <summary>The services of Core on a real database and a clock that the test moves. No hosted service runs by itself.</summary>
public sealed class CoreHost : IAsyncDisposable
{
    /// <summary>A password that every rule lets pass.</summary>
    public const string Password = "grey lamp, seventeen boats";

    private readonly ServiceProvider _services;
    private readonly bool _ownsDatabase;
    private int _users;

    private CoreHost(TestDatabase database, bool ownsDatabase, FakeTimeProvider clock, ServiceProvider services)
    {
        Database = database;
        _ownsDatabase = ownsDatabase;
        Clock = clock;
        _services = services;
    }

    public TestDatabase Database { get; }

    public FakeTimeProvider Clock { get; }

    /// <summary>Starts on a fresh, migrated database. <paramref name="more"/> adds the services of further features.</summary>
    public static async Task<CoreHost> StartAsync(
        TestProvider provider, Action<IServiceCollection, IConfiguration>? more = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var host = Build(await TestDatabase.CreateAsync(provider), ownsDatabase: true, more, settings, clock: null);
        host.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper); // As a start does.
        return host;
    }

    /// <summary>Starts on a given database, which stays: a second host on the same one stands for a replica, or for the process after a restart.</summary>
    public static CoreHost Start(
        TestDatabase database, Action<IServiceCollection, IConfiguration>? more = null, IReadOnlyDictionary<string, string?>? settings = null, FakeTimeProvider? clock = null) =>
        Build(database, ownsDatabase: false, more, settings, clock);

    private static CoreHost Build(
        TestDatabase database, bool ownsDatabase, Action<IServiceCollection, IConfiguration>? more, IReadOnlyDictionary<string, string?>? settings, FakeTimeProvider? clock)
    {
        clock ??= new FakeTimeProvider(new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero));
        var all = database.Settings();
        all["Anycast:Accounts:BcryptCost"] = "4";
        all["Anycast:Accounts:AnswerFloor"] = "00:00:00";
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            all[key] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(all).Build();
        var services = new ServiceCollection();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton<TimeProvider>(clock);
        services.AddData(configuration, database.Directory);
        services.AddActivity();
        services.AddMail(configuration);
        services.AddAccounts(configuration);
        services.AddNotifications();
        services.AddTeams();
        services.AddApiTokens();
        more?.Invoke(services, configuration);
        return new CoreHost(database, ownsDatabase, clock, services.BuildServiceProvider());
    }

    public IServiceProvider Services => _services;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public Task<AppDbContext> OpenAsync() => Get<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();

    /// <summary>A confirmed account with <see cref="Password"/>.</summary>
    public async Task<User> UserAsync(string? email = null, PlatformRoles roles = PlatformRoles.User)
    {
        var user = Services.NewUser(email ?? $"person{Interlocked.Increment(ref _users)}@example.org", "Person");
        user.EmailConfirmed = true;
        user.EmailConfirmedAt = Clock.GetUtcNow();
        user.Roles = roles;
        await using var db = await OpenAsync();
        db.Users.Add(user);
        await db.SaveChangesAsync();
        return user;
    }

    /// <summary>The actor of a new confirmed account.</summary>
    public async Task<Actor> ActorAsync(string? email = null, PlatformRoles roles = PlatformRoles.User) =>
        ActorFactory.For(await UserAsync(email, roles), ip: "192.0.2.10", device: "Firefox, Linux");

    /// <summary>Puts a user into a team with a role.</summary>
    public async Task JoinAsync(Guid teamId, Guid userId, TeamRole role)
    {
        await using var db = await OpenAsync();
        db.Memberships.Add(new Membership { TeamId = teamId, UserId = userId, Role = role, JoinedAt = Clock.GetUtcNow() });
        await db.SaveChangesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_ownsDatabase)
        {
            await Database.DisposeAsync();
        }
    }
}
