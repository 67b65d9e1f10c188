using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Anycast.Web.Hosting;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: it can serve: the database answers, and no master key is missing that everybody needs. They tell no more than a word.</summary>
public static class Health
{
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<DatabaseCheck>("database", timeout: TimeSpan.FromSeconds(4))
            .AddCheck<MasterKeyCheck>("master-keys", timeout: TimeSpan.FromSeconds(4));
        return services;
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready");
        return app;
    }

    private sealed class DatabaseCheck(IDbContextFactory<AppDbContext> contexts) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            return await db.Database.CanConnectAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();
        }
    }

    /// <summary>Without the key of the service's own keys nobody can sign in; without that of some owners' keys only their secrets are shut.</summary>
    private sealed class MasterKeyCheck(MasterKeyUsage usage) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var missing = (await usage.ReadAsync(cancellationToken)).Where(k => k.IsMissing).ToList();
            var told = $"Missing: {string.Join(", ", missing.Select(k => k.KeyId ?? "the key of records without an id"))}.";
            return missing.Count == 0 ? HealthCheckResult.Healthy() : missing.Any(k => k.IsEssential) ? HealthCheckResult.Unhealthy(told) : HealthCheckResult.Degraded(told);
        }
    }
}
