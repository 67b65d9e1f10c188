using Anycast.Core.Agents;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Agents;

/// <summary>Clusters whose agents were enrolled already, for <see cref="HandmadeAgents"/>.</summary>
internal static class EnrolledClusters
{
    /// <summary>Writes a team <c>fleet</c> with so many clusters (<c>c0</c>, <c>c1</c> …) and their agents' keys into the database of a service that is stopped.</summary>
    /// <param name="owner">Address of the account that owns the team; nobody does without.</param>
    public static async Task<List<HandmadeEnrolment>> WriteAsync(string data, int count, string? owner = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Anycast:Data:Directory"] = data }).Build();
        await using var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddData(configuration, data).BuildServiceProvider();
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        var now = DateTimeOffset.UtcNow;
        var team = new Team { Id = Ids.New(TimeProvider.System), Slug = "fleet", Name = "Fleet", CreatedAt = now };
        db.Teams.Add(team);
        if (owner is not null)
        {
            db.Memberships.Add(new Membership { TeamId = team.Id, UserId = await db.Users.Where(u => u.Email == owner).Select(u => u.Id).SingleAsync(), Role = TeamRole.Owner, JoinedAt = now });
        }

        var enrolments = new List<HandmadeEnrolment>();
        for (var i = 0; i < count; i++)
        {
            var id = Guid.NewGuid();
            var enrolment = new HandmadeEnrolment(AgentId: id.ToString());
            var cluster = new Cluster { Id = Guid.NewGuid(), TeamId = team.Id, Slug = $"c{i}", Name = $"Cluster {i}", ClusterUid = $"uid-{i}", CreatedAt = now };
            db.Clusters.Add(cluster);
            db.Agents.Add(new Anycast.Core.Agents.Agent { Id = id, ClusterId = cluster.Id, PublicKey = enrolment.PublicKey, CreatedAt = now });
            enrolments.Add(enrolment);
        }

        await db.SaveChangesAsync();
        return enrolments;
    }

    /// <summary>An empty cluster: each stream of rows is complete at once, and then nothing happens.</summary>
    public static async Task AnswerAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (target == TunnelRoutes.About)
        {
            await context.Response.WriteAsJsonAsync(new AgentAbout(AgentRelease.Current, RedactionSpecification.Current.Version, "uid", "v1.32.0"), TunnelJson.Default.AgentAbout);
            return;
        }

        if (!target.StartsWith(TunnelRoutes.Rows + "/", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return;
        }

        using var rows = new RowWriter(context.Response.BodyWriter);
        rows.Write(RowChangeType.Reset);
        rows.Write(RowChangeType.Synced);
        while (true)
        {
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromSeconds(10), context.RequestAborted);
            rows.Write(RowChangeType.Heartbeat);
        }
    }
}
