using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Anycast.Tests.Harness;

/// <summary>
/// A real, migrated database of its own: a SQLite file in a temp directory, or a database on the PostgreSQL server that
/// <c>ANYCAST_TEST_POSTGRES</c> names. Migrated once per run by the product's own <see cref="DatabaseMigrator"/>, then copied.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly SemaphoreSlim s_one = new(1);
    private static string? s_sqliteTemplate;
    private static string? s_postgresTemplate;
    private readonly TempDirectory _directory = new();
    private string? _postgresName;

    private TestDatabase(TestProvider provider) => Provider = provider;

    /// <summary>Connection string of the server for tests, or null when there is none.</summary>
    public static string? PostgresServer { get; } = Environment.GetEnvironmentVariable("ANYCAST_TEST_POSTGRES") is { Length: > 0 } server ? server : null;

    public TestProvider Provider { get; }

    /// <summary>What <c>Anycast:Data:Directory</c> is set to.</summary>
    public string Directory => _directory.Path;

    /// <summary>The SQLite file.</summary>
    public string SqliteFile => _directory.File(DataSetup.SqliteFile);

    /// <summary>The file of the master key on SQLite.</summary>
    public string MasterKeyFile => _directory.File("keys", "master.key");

    /// <summary>The connection string of this database on PostgreSQL; null on SQLite.</summary>
    public string? Postgres { get; private set; }

    /// <summary>The settings that make the product use this database.</summary>
    public Dictionary<string, string?> Settings()
    {
        var settings = new Dictionary<string, string?> { ["Anycast:Data:Directory"] = Directory };
        if (Postgres is not null)
        {
            settings["Anycast:Data:Postgres"] = Postgres;
            settings["Anycast:MasterKey"] = Convert.ToBase64String(new byte[32]);
        }

        return settings;
    }

    /// <summary>A new database with the current schema and no rows.</summary>
    public static async Task<TestDatabase> CreateAsync(TestProvider provider)
    {
        var database = new TestDatabase(provider);
        if (provider == TestProvider.Sqlite)
        {
            var template = await SqliteTemplateAsync();
            File.Copy(template, database.SqliteFile);
            System.IO.Directory.CreateDirectory(database._directory.File("keys"));
            File.Copy(Path.Combine(Path.GetDirectoryName(template)!, "keys", "master.key"), database.MasterKeyFile);
        }
        else
        {
            database._postgresName = "t" + Guid.NewGuid().ToString("N");
            var template = await PostgresTemplateAsync();
            await CreatePostgresAsync(database._postgresName, template);
            database.Postgres = ConnectionTo(database._postgresName);
        }

        return database;
    }

    /// <summary>A database that does not exist yet (SQLite) or is empty (PostgreSQL): for tests of the migration itself.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync(TestProvider provider)
    {
        var database = new TestDatabase(provider);
        if (provider == TestProvider.Postgres)
        {
            database._postgresName = "e" + Guid.NewGuid().ToString("N");
            await CreatePostgresAsync(database._postgresName, "template1");
            database.Postgres = ConnectionTo(database._postgresName);
        }

        return database;
    }

    public async ValueTask DisposeAsync()
    {
        if (_postgresName is not null)
        {
            await ExecuteAsync($"DROP DATABASE IF EXISTS \"{_postgresName}\" WITH (FORCE)");
        }
        else
        {
            using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={SqliteFile};Default Timeout=30");
            Microsoft.Data.Sqlite.SqliteConnection.ClearPool(connection);
        }

        _directory.Dispose();
    }

    private static async Task<string> SqliteTemplateAsync()
    {
        await s_one.WaitAsync();
        try
        {
            if (s_sqliteTemplate is null)
            {
                var directory = System.IO.Directory.CreateTempSubdirectory("anycast-template-").FullName;
                AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(directory, recursive: true);
                await MigrateAsync(new Dictionary<string, string?> { ["Anycast:Data:Directory"] = directory });
                var file = Path.Combine(directory, DataSetup.SqliteFile);
                await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False");
                await connection.OpenAsync();
                await using var command = connection.CreateCommand();
                command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
                await command.ExecuteNonQueryAsync();
                s_sqliteTemplate = file;
            }

            return s_sqliteTemplate;
        }
        finally
        {
            s_one.Release();
        }
    }

    private static async Task<string> PostgresTemplateAsync()
    {
        await s_one.WaitAsync();
        try
        {
            if (s_postgresTemplate is null)
            {
                var name = "template_" + Guid.NewGuid().ToString("N");
                await CreatePostgresAsync(name, "template1");
                var connection = ConnectionTo(name);
                await MigrateAsync(new Dictionary<string, string?> { ["Anycast:Data:Postgres"] = connection, ["Anycast:MasterKey"] = Convert.ToBase64String(new byte[32]) });
                NpgsqlConnection.ClearAllPools();
                s_postgresTemplate = name;
            }

            return s_postgresTemplate;
        }
        finally
        {
            s_one.Release();
        }
    }

    private static async Task MigrateAsync(Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        await using var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddData(configuration, Path.GetTempPath()).BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);

        // As a start does. Made later they would be made in the midst of a transaction of whoever needs them first, and wait for it.
        services.GetRequiredService<ServiceKeys>().Get(ServiceKeys.PasswordPepper);
    }

    private static async Task CreatePostgresAsync(string name, string template)
    {
        // A template may have no other session while it is copied, so copies go one after the other.
        await s_copy.WaitAsync();
        try
        {
            await ExecuteAsync($"CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
        }
        finally
        {
            s_copy.Release();
        }
    }

    private static readonly SemaphoreSlim s_copy = new(1);

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string ConnectionTo(string database) =>
        new NpgsqlConnectionStringBuilder(PostgresServer) { Database = database, MaxPoolSize = 30 }.ConnectionString;
}
