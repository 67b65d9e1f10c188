using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Data;

/// <summary>
/// Brings the database to the current schema at start. With several replicas one migrates and the others wait. On PostgreSQL EF Core's own
/// lock ends with each migration's transaction, and another replica gets in between two of them: an advisory lock lasts for all, and ends
/// with its session. On SQLite, EF Core's lock is a row that a killed process leaves behind, and the next start waits on it
/// for ever: here a lock on a file, which ends with its process, says whether anybody is migrating, and a row without one is stale.
/// </summary>
public sealed class DatabaseMigrator(IDbContextFactory<AppDbContext> contexts, DataOptions options, TimeProvider clock, ILogger<DatabaseMigrator> log)
{
    /// <summary>Any number of our own: advisory locks are told apart by it alone.</summary>
    private const long ServerLock = 0x416E7963617374;

    private static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(5);

    /// <summary>Migrates, or waits until another process has.</summary>
    /// <exception cref="TimeoutException">Another process held the lock for more than five minutes.</exception>
    public async Task MigrateAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (!db.Database.IsSqlite())
        {
            await MigrateServerAsync(db, ct);
            return;
        }

        using var held = await HoldFileLockAsync(ct);
        await BreakStaleLockAsync(db, ct);
        await db.Database.MigrateAsync(ct);
    }

    private static async Task MigrateServerAsync(AppDbContext db, CancellationToken ct)
    {
        if (!await db.Database.CanConnectAsync(ct))
        {
            await db.Database.MigrateAsync(ct); // makes the database
            return;
        }

        db.Database.SetCommandTimeout(WaitLimit);
        await db.Database.OpenConnectionAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({ServerLock})", ct);
        try
        {
            await db.Database.MigrateAsync(ct);
        }
        finally
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({ServerLock})", CancellationToken.None);
            await db.Database.CloseConnectionAsync();
        }
    }

    private async Task<FileStream> HoldFileLockAsync(CancellationToken ct)
    {
        var path = Path.Combine(options.Directory, "migration.lock");
        var until = clock.GetUtcNow() + WaitLimit;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (clock.GetUtcNow() < until)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), clock, ct);
            }
            catch (IOException e)
            {
                throw new TimeoutException("Another process has been migrating this database for more than five minutes.", e);
            }
        }
    }

    private async Task BreakStaleLockAsync(AppDbContext db, CancellationToken ct)
    {
        var exists = await db.Database
            .SqlQuery<int>($"""SELECT COUNT(*) AS "Value" FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsLock'""")
            .SingleAsync(ct);
        if (exists > 0 && await db.Database.ExecuteSqlAsync($"""DELETE FROM "__EFMigrationsLock" """, ct) > 0)
        {
            log.LogWarning("An earlier start was interrupted while migrating; its stale lock was removed.");
        }
    }
}
