using System.Text;
using Npgsql;

namespace Anycast.Tests.Harness;

/// <summary>A whole database as somebody has it who steals it: the files as they lie on the disk, or every row of every table.</summary>
public static class DatabaseBytes
{
    /// <summary>SQLite: the file with its write-ahead log. PostgreSQL: a dump of all schemas of the product.</summary>
    public static async Task<byte[]> AllAsync(TestDatabase database) =>
        database.Provider == TestProvider.Sqlite ? await FilesAsync(database.Directory) : await DumpAsync(database.Postgres!);

    /// <summary>The SQLite files of a data directory.</summary>
    public static async Task<byte[]> FilesAsync(string directory)
    {
        using var all = new MemoryStream();
        foreach (var path in Directory.EnumerateFiles(directory, "*.db*"))
        {
            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            await stream.CopyToAsync(all);
        }

        return all.ToArray();
    }

    private static async Task<byte[]> DumpAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        var tables = new List<string>();
        await using (var command = new NpgsqlCommand("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                tables.Add(reader.GetString(0));
            }
        }

        var dump = new StringBuilder();
        foreach (var table in tables)
        {
            // COPY writes bytea as hex, which the search knows.
            using var copy = await connection.BeginTextExportAsync($"COPY {table} TO STDOUT");
            dump.Append(table).Append('\n').Append(await copy.ReadToEndAsync());
        }

        return Encoding.UTF8.GetBytes(dump.ToString());
    }
}
