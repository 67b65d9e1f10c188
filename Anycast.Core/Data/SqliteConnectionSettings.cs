using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Anycast.Core.Data;

/// <summary>
/// Sets what SQLite keeps per connection on every one that is opened (pooled ones included): an acknowledged write survives
/// power loss, foreign keys hold, deleted bytes are overwritten (erasure is erasure), a busy database is waited for, and capital letters are known
/// beyond those of English.
/// </summary>
internal sealed class SqliteConnectionSettings : DbConnectionInterceptor
{
    private const string Pragmas =
        "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=67108864;";

    // Takes effect only while the file is still empty, hence in front of the rest.
    private const string OnCreation = "PRAGMA auto_vacuum=INCREMENTAL; ";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        KnowLetters(connection);
        if (IsReadOnly(connection))
        {
            return;
        }

        using var command = connection.CreateCommand();
        command.CommandText = OnCreation + Pragmas;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        KnowLetters(connection);
        if (IsReadOnly(connection))
        {
            return;
        }

        await using var command = connection.CreateCommand();
        command.CommandText = OnCreation + Pragmas;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>SQLite's own lower() knows A to Z alone; PostgreSQL's knows all letters, and a search should find the same on both.</summary>
    private static void KnowLetters(DbConnection connection) =>
        ((SqliteConnection)connection).CreateFunction("lower", (string? text) => text?.ToLowerInvariant(), isDeterministic: true);

    /// <summary>EF Core opens one read-only to see whether the database exists; it writes nothing, and may not set the journal's mode.</summary>
    private static bool IsReadOnly(DbConnection connection) =>
        new SqliteConnectionStringBuilder(connection.ConnectionString).Mode == SqliteOpenMode.ReadOnly;
}
