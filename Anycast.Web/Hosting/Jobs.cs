using Anycast.Core.Accounts;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Anycast.Web.Accounts;
using Hangfire;
using Hangfire.Dashboard;
using Hangfire.InMemory;
using Hangfire.PostgreSql;

namespace Anycast.Web.Hosting;

/// <summary>
/// Hangfire: in memory with SQLite, in the database with PostgreSQL. A job is only a trigger, which may run twice or never: what is due is found
/// from rows. Arguments are ids only.
/// </summary>
public static class Jobs
{
    public static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddHangfire((provider, hangfire) =>
        {
            hangfire.SetDataCompatibilityLevel(CompatibilityLevel.Version_180).UseSimpleAssemblyNameTypeSerializer().UseRecommendedSerializerSettings();
            var data = provider.GetRequiredService<DataOptions>();
            if (data.UsesPostgres)
            {
                hangfire.UsePostgreSqlStorage(o => o.UseNpgsqlConnection(data.Postgres), new PostgreSqlStorageOptions { SchemaName = "hangfire", QueuePollInterval = TimeSpan.FromSeconds(2) });
            }
            else
            {
                hangfire.UseInMemoryStorage(new InMemoryStorageOptions { MaxExpirationTime = TimeSpan.FromDays(1) });
            }
        });
        services.AddHangfireServer(o => o.WorkerCount = 2);
        services.AddSingleton<AccountMaintenanceJob>();
        services.AddSingleton<IKeyRewrapQueue, KeyRewrapQueue>();
        return services;
    }

    public static WebApplication MapJobs(this WebApplication app)
    {
        app.MapHangfireDashboard("/operator/jobs", new DashboardOptions
        {
            Authorization = [new OperatorsOnly()],
            AsyncAuthorization = [],
            DisplayStorageConnectionString = false,
            AppPath = "/operator",
            DashboardTitle = "Anycast",
        });
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var jobs = app.Services.GetRequiredService<IRecurringJobManager>();
            jobs.AddOrUpdate<AccountMaintenanceJob>("account-maintenance", job => job.RunAsync(CancellationToken.None), Cron.Hourly());
            jobs.AddOrUpdate<ApiTokenJob>("api-tokens", job => job.RunAsync(CancellationToken.None), Cron.Hourly());

            app.Services.ScheduleRewrap();

            // A machine that slept through the hour catches up: the sweep looks at rows, not at when it ran last.
            app.Services.GetRequiredService<IBackgroundJobClient>().Enqueue<AccountMaintenanceJob>(job => job.RunAsync(CancellationToken.None));
            app.Services.GetRequiredService<IBackgroundJobClient>().Enqueue<ApiTokenJob>(job => job.RunAsync(CancellationToken.None));
        });
        return app;
    }

    /// <summary>Never the default filter, for which everybody behind a proxy is local (T27).</summary>
    private sealed class OperatorsOnly : IDashboardAuthorizationFilter
    {
        public bool Authorize(DashboardContext context) => context.GetHttpContext().User.ToActor().IsOperator;
    }
}
