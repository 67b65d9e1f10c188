using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Data;

/// <summary>Door of the Data folder.</summary>
public static class DataSetup
{
    /// <summary>Name of the SQLite file within <see cref="DataOptions.Directory"/>.</summary>
    public const string SqliteFile = "anycast.db";

    /// <summary>Registers the contexts, the master keys and the migrator. <paramref name="root"/> is the directory relative paths start at.</summary>
    /// <exception cref="ConfigurationException">PostgreSQL is configured without a master key.</exception>
    public static IServiceCollection AddData(this IServiceCollection services, IConfiguration configuration, string root)
    {
        var options = configuration.GetSection(DataOptions.Section).Get<DataOptions>() ?? new DataOptions();
        options.Directory = Path.GetFullPath(options.Directory, root);
        if (!options.UsesPostgres)
        {
            // First of all: the key file's directory lies in it, and would make it with the usual mode.
            CreatePrivate(options.Directory);
        }

        services.AddSingleton(options);
        services.AddSingleton(MasterKeySource.Read(
            configuration, root, options.UsesPostgres ? null : Path.Combine(options.Directory, "keys"), Path.Combine(options.Directory, SqliteFile)));

        if (options.UsesPostgres)
        {
            services.AddDbContextFactory<PostgresDbContext>(db => ConfigurePostgres(db, options.Postgres!));
            services.AddSingleton<IDbContextFactory<AppDbContext>, ContextFactory<PostgresDbContext>>();
        }
        else
        {
            services.AddDbContextFactory<SqliteDbContext>(db => ConfigureSqlite(db, Path.Combine(options.Directory, SqliteFile)));
            services.AddSingleton<IDbContextFactory<AppDbContext>, ContextFactory<SqliteDbContext>>();
        }

        // Identity's stores ask for a scoped context.
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContext());
        services.AddSingleton<Sealer>();
        services.AddSingleton<ServiceKeys>();
        services.AddSingleton<MasterKeyUsage>();
        services.AddSingleton<KeyRewrap>();
        services.AddSingleton<DatabaseMigrator>();
        return services;
    }

    /// <summary>Makes the data directory for its owner alone; one that is there keeps its mode.</summary>
    private static void CreatePrivate(string directory)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"Anycast__Data__Directory is {directory}, which cannot be made or used: {e.Message}", e);
        }
    }

    internal static void ConfigureSqlite(DbContextOptionsBuilder builder, string file) => builder
        .UseSqlite($"Data Source={file};Default Timeout=30")
        .AddInterceptors(new SqliteConnectionSettings())
        .ReplaceService<IMigrationsSqlGenerator, ClusteredTablesSqlGenerator>()
        .UseIdentitySchema();

    internal static void ConfigurePostgres(DbContextOptionsBuilder builder, string connectionString) => builder
        .UseNpgsql(connectionString, npgsql => npgsql.CommandTimeout(30))
        .UseIdentitySchema();

    /// <summary>Identity reads its schema version (3 has passkeys) from the application's services, not from the context.</summary>
    private static DbContextOptionsBuilder UseIdentitySchema(this DbContextOptionsBuilder builder) =>
        builder.UseApplicationServiceProvider(new ServiceCollection()
            .Configure<IdentityOptions>(o => o.Stores.SchemaVersion = IdentitySchemaVersions.Version3)
            .BuildServiceProvider());

    /// <summary>Hands out the configured provider's context under the model's name.</summary>
    private sealed class ContextFactory<TContext>(IDbContextFactory<TContext> inner) : IDbContextFactory<AppDbContext>
        where TContext : AppDbContext
    {
        public AppDbContext CreateDbContext() => inner.CreateDbContext();

        public async Task<AppDbContext> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await inner.CreateDbContextAsync(cancellationToken);
    }
}
