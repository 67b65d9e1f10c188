using System.Diagnostics;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Data;

/// <summary>A start that is interrupted while it migrates never hangs the next one; of several that start at once one migrates.</summary>
public sealed class MigrationTests
{
    [Theory, EveryDatabase]
    public async Task Migrate_OfAnEmptyDatabaseByFiveAtOnce_WorksForAll(TestProvider provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider);
        var hosts = Enumerable.Range(0, 5).Select(_ => CoreHost.Start(database)).ToList();
        await Task.WhenAll(hosts.Select(h => Task.Run(() => Migrator(h).MigrateAsync(default)))).WaitAsync(TimeSpan.FromMinutes(1));
        await using var db = await hosts[0].OpenAsync();
        Assert.Empty(await db.Database.GetPendingMigrationsAsync());
        Assert.Equal(0, await db.Users.CountAsync());
    }

    [Fact]
    public async Task Migrate_WithTheLockOfADeadProcess_GoesOnAtOnce()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(TestProvider.Sqlite);
        MasterKey.FromFile(database.MasterKeyFile); // The dead process made it first.
        await using (var connection = new SqliteConnection($"Data Source={database.SqliteFile};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01 00:00:00.0000000+00:00');
                """;
            await command.ExecuteNonQueryAsync();
        }

        var host = CoreHost.Start(database);
        var clock = Stopwatch.StartNew();
        await Migrator(host).MigrateAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30));
        await using var db = await host.OpenAsync();
        Assert.Empty(await db.Database.GetPendingMigrationsAsync());
    }

    [Fact]
    public async Task Migrate_WhileALivingProcessHoldsTheFile_Waits()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(TestProvider.Sqlite);
        var host = CoreHost.Start(database);
        Task waiting;
        await using (File.Open(Path.Combine(database.Directory, "migration.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            waiting = new DatabaseMigrator(host.Get<IDbContextFactory<AppDbContext>>(), host.Get<DataOptions>(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<DatabaseMigrator>.Instance).MigrateAsync(default);
            Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(600)));
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Start_AfterKillsAtRandomPointsOfTheMigration_IsReadyEachTime()
    {
        // The real program, killed (SIGKILL) ever later within its first seconds, on one data directory; then left alone.
        await using var app = await AppProcess.StartAsync();
        await app.KillAsync();
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(app.Data) == (UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), "The data directory is for its owner alone.");
        var random = new Random(20261124);
        for (var i = 0; i < 8; i++)
        {
            foreach (var file in Directory.GetFiles(app.Data, "anycast.db*"))
            {
                File.Delete(file);
            }

            app.Launch();
            var database = Path.Combine(app.Data, "anycast.db");
            await Eventually.TrueAsync(() => File.Exists(database) || !app.IsRunning, "the database file appears");
            await Task.Delay(random.Next(0, 400));
            await app.KillAsync();
            await app.RestartAsync(TimeSpan.FromSeconds(30));
            await app.KillAsync();
        }

        await using var connection = new SqliteConnection($"Data Source={Path.Combine(app.Data, "anycast.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", await command.ExecuteScalarAsync());
    }

    private static DatabaseMigrator Migrator(CoreHost host) =>
        new(host.Get<IDbContextFactory<AppDbContext>>(), host.Get<DataOptions>(), TimeProvider.System, host.Get<ILogger<DatabaseMigrator>>());
}
