using System.Text;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data;

/// <summary>What SQLite must keep on every connection: durability, foreign keys, erasure that is erasure.</summary>
public sealed class SqliteTests
{
    [Fact]
    public async Task Pragmas_OnEveryPooledConnection_AreTheSafeOnes()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        for (var round = 0; round < 3; round++) // new ones, then pooled ones, by both ways of opening
        {
            var open = new List<AppDbContext>();
            for (var i = 0; i < 6; i++)
            {
                var db = await host.OpenAsync();
                open.Add(db);
                if (i % 2 == 0)
                {
                    await db.Database.OpenConnectionAsync();
                }
                else
                {
                    db.Database.OpenConnection();
                }

                Assert.Equal("2", await PragmaAsync(db, "synchronous"));
                Assert.Equal("wal", await PragmaAsync(db, "journal_mode"));
                Assert.Equal("1", await PragmaAsync(db, "foreign_keys"));
                Assert.Equal("1", await PragmaAsync(db, "secure_delete"));
                Assert.True(int.Parse(await PragmaAsync(db, "busy_timeout")) >= 5000);
                Assert.Equal("2", await PragmaAsync(db, "auto_vacuum"));
            }

            foreach (var db in open)
            {
                await db.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Delete_OfRows_LeavesNothingOfThemInTheFile()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var users = new List<User>();
        for (var i = 0; i < 100; i++)
        {
            var user = host.Services.NewUser($"canary{i}@example.org", $"ANYCAST-CANARY-NAME-{i:D3}");
            users.Add(user);
        }

        await using (var db = await host.OpenAsync())
        {
            db.Users.AddRange(users);
            await db.SaveChangesAsync();
            await CheckpointAsync(db);
            Assert.Equal(100, await CountCanariesAsync(host)); // the positive control: they are found while they are there

            await db.Users.Where(u => u.Name.StartsWith("ANYCAST-CANARY")).ExecuteDeleteAsync();
            await CheckpointAsync(db);
        }

        Assert.Equal(0, await CountCanariesAsync(host));
    }

    [Fact]
    public async Task Write_WhileAnotherWrites_WaitsAndDoesNotFail()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        await using var slow = await host.OpenAsync();
        await using var transaction = await slow.Database.BeginTransactionAsync();
        var user = host.Services.NewUser("slow@example.org", "Slow");
        slow.Users.Add(user);
        await slow.SaveChangesAsync();
        var other = Task.Run(() => host.UserAsync("quick@example.org"));
        Assert.NotSame(other, await Task.WhenAny(other, Task.Delay(300)));
        await transaction.CommitAsync();
        await other;
    }

    [Fact]
    public async Task Tables_ThatAreClusteredByKey_HaveNoRowid()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        await using var db = await host.OpenAsync();
        var clustered = db.Model.GetEntityTypes().Where(e => e[ModelExtensions.ClusteredAnnotation] is true).Select(e => e.GetTableName()!).Order().ToList();
        Assert.Contains("ActivityEntries", clustered);
        var without = await db.Database.SqlQuery<string>($"SELECT name AS \"Value\" FROM sqlite_master WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID%' ORDER BY name").ToListAsync();
        Assert.Equal(clustered, without);
    }

    [Theory, EveryDatabase]
    public async Task Instants_WithDifferentOffsets_SortByTimeAndComeBackInUtc(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (first, second) = (await host.UserAsync(), await host.UserAsync());
        var early = new DateTimeOffset(2026, 3, 29, 3, 30, 0, TimeSpan.FromHours(2));
        var late = new DateTimeOffset(2026, 3, 29, 1, 45, 0, TimeSpan.Zero);
        await using var db = await host.OpenAsync();
        await db.Users.Where(u => u.Id == first.Id).ExecuteUpdateAsync(s => s.SetProperty(u => u.CreatedAt, late));
        await db.Users.Where(u => u.Id == second.Id).ExecuteUpdateAsync(s => s.SetProperty(u => u.CreatedAt, early));
        var sorted = await db.Users.AsNoTracking().OrderBy(u => u.CreatedAt).ToListAsync();
        Assert.Equal([second.Id, first.Id], sorted.Select(u => u.Id));
        Assert.Equal(TimeSpan.Zero, sorted[0].CreatedAt.Offset);
        Assert.Equal(early, sorted[0].CreatedAt);
    }

    private static async Task<string> PragmaAsync(AppDbContext db, string name)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = "PRAGMA " + name;
        return (await command.ExecuteScalarAsync())!.ToString()!;
    }

    private static Task CheckpointAsync(AppDbContext db) => db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");

    private static async Task<int> CountCanariesAsync(CoreHost host)
    {
        var found = new HashSet<string>();
        foreach (var file in Directory.GetFiles(host.Database.Directory, DataSetup.SqliteFile + "*"))
        {
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            for (var at = text.IndexOf("ANYCAST-CANARY-NAME-", StringComparison.Ordinal); at >= 0; at = text.IndexOf("ANYCAST-CANARY-NAME-", at + 1, StringComparison.Ordinal))
            {
                found.Add(text.Substring(at, 23));
            }
        }

        return found.Count;
    }
}
