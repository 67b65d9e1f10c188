using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Anycast.Core.Data;

/// <summary>For <c>dotnet ef migrations add … --context SqliteDbContext -o Data/Migrations/Sqlite</c>.</summary>
internal sealed class SqliteDesignTime : IDesignTimeDbContextFactory<SqliteDbContext>
{
    public SqliteDbContext CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<SqliteDbContext>();
        DataSetup.ConfigureSqlite(options, "design-time.db");
        return new SqliteDbContext(options.Options);
    }
}

/// <summary>For <c>dotnet ef migrations add … --context PostgresDbContext -o Data/Migrations/Postgres</c>; needs no server.</summary>
internal sealed class PostgresDesignTime : IDesignTimeDbContextFactory<PostgresDbContext>
{
    public PostgresDbContext CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<PostgresDbContext>();
        DataSetup.ConfigurePostgres(options, "Host=localhost;Database=design-time");
        return new PostgresDbContext(options.Options);
    }
}
