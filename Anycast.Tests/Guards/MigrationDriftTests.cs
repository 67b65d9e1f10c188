using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Anycast.Tests.Guards;

/// <summary>The migrations of both databases build the current model; needs no server.</summary>
public sealed class MigrationDriftTests
{
    [Fact]
    public void Migrations_OfSqlite_MatchTheModel()
    {
        using var db = new SqliteDesignTime().CreateDbContext([]);
        AssertNoDrift(db);
    }

    [Fact]
    public void Migrations_OfPostgres_MatchTheModel()
    {
        using var db = new PostgresDesignTime().CreateDbContext([]);
        AssertNoDrift(db);
    }

    [Fact]
    public void Model_OfBothDatabases_HasTheSameTablesAndColumns()
    {
        using var sqlite = new SqliteDesignTime().CreateDbContext([]);
        using var postgres = new PostgresDesignTime().CreateDbContext([]);
        Assert.Equal(Columns(sqlite), Columns(postgres));
    }

    private static void AssertNoDrift(AppDbContext db)
    {
        Assert.NotEmpty(db.GetService<IMigrationsAssembly>().Migrations);
        Assert.False(db.Database.HasPendingModelChanges(), "Entities changed without a migration.");
    }

    private static IEnumerable<string> Columns(AppDbContext db) =>
        db.Model.GetEntityTypes().SelectMany(e => e.GetProperties().Select(p => $"{e.GetTableName()}.{p.GetColumnName()}")).Order();
}
