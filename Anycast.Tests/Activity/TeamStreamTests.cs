using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Anycast.Tests.Activity;

/// <summary>A team has a stream of its own: what a member does elsewhere pushes nothing out of it (D14).</summary>
public sealed class TeamStreamTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("D14")]
    public async Task Stream_OfATeam_KeepsWhatAMembersOwnLogHasLost(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.ActorAsync();
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Stream", default)).Value!;
        var log = host.Get<ActivityLog>();
        await log.RecordAsync(owner, new ActivityEvent("clusters.create", "cluster", "c", "Production", team.Id), default);

        // A thousand acts elsewhere, as they would lie there, and one more.
        await using (var db = await host.OpenAsync())
        {
            var now = host.Clock.GetUtcNow();
            var last = (await db.UserCounters.AsNoTracking().SingleAsync(c => c.UserId == owner.UserId && c.Log == UserLog.Activity)).LastSeq;
            db.ActivityEntries.AddRange(Enumerable.Range(1, 1000).Select(i => new ActivityEntry { UserId = owner.UserId, Seq = last + i, Operation = "test.fill", TargetId = $"{i}", At = now, LastAt = now }));
            await db.SaveChangesAsync();
            await db.UserCounters.Where(c => c.UserId == owner.UserId && c.Log == UserLog.Activity).ExecuteUpdateAsync(s => s.SetProperty(c => c.LastSeq, last + 1000).SetProperty(c => c.Count, c => c.Count + 1000));
        }

        await log.RecordAsync(owner, new ActivityEvent("test.more"), default);
        Assert.DoesNotContain((await log.OwnAsync(owner, new ActivityFilter("Production"), new PageRequest(), default)).Items, e => e.Operation == "clusters.create");
        var stream = await StreamAsync(host, owner, team.Slug);
        Assert.Equal(["clusters.create", "teams.create"], stream.Items.Select(e => e.Operation));
        Assert.All(stream.Items, e => Assert.Equal((owner.UserId, owner.Name, null, null), (e.UserId, e.UserName, e.Ip, e.Device)));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D14")]
    public async Task Stream_BeyondAThousand_DropsItsOldestAndNoOtherTeams(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.ActorAsync();
        var busy = (await host.Get<TeamService>().CreateAsync(owner, "Busy", default)).Value!;
        var calm = (await host.Get<TeamService>().CreateAsync(owner, "Calm", default)).Value!;
        await using (var db = await host.OpenAsync())
        {
            var now = host.Clock.GetUtcNow();
            db.TeamActivityEntries.AddRange(Enumerable.Range(2, 999).Select(i => new TeamActivityEntry { TeamId = busy.Id, Seq = i, UserId = owner.UserId, Operation = "test.fill", TargetId = $"{i}", At = now, LastAt = now }));
            await db.SaveChangesAsync();
            await db.UserCounters.Where(c => c.UserId == busy.Id && c.Log == UserLog.TeamActivity).ExecuteUpdateAsync(s => s.SetProperty(c => c.LastSeq, 1000).SetProperty(c => c.Count, 1000));
        }

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => host.Get<ActivityLog>().RecordAsync(owner, new ActivityEvent("test.more", TargetId: $"{i}", TeamId: busy.Id), default))));
        Assert.Equal(1000, (await StreamAsync(host, owner, busy.Slug)).Total);
        Assert.Equal(1, (await StreamAsync(host, owner, calm.Slug)).Total);
        await using var after = await host.OpenAsync();
        Assert.Equal(21, await after.TeamActivityEntries.Where(e => e.TeamId == busy.Id).MinAsync(e => e.Seq));
    }

    [Theory, EveryDatabase]
    public async Task Stream_OfRepeatedRefusals_CountsInOneRowOfEachMember(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, member) = (await host.ActorAsync(), await host.ActorAsync());
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Flood", default)).Value!;
        foreach (var actor in new[] { owner, member, owner, owner, member })
        {
            await host.Get<ActivityLog>().RecordAsync(actor, new ActivityEvent("proposals.approve", "proposal", "p", TeamId: team.Id, Result: ActivityResult.Refused), default);
        }

        var refused = (await StreamAsync(host, owner, team.Slug)).Items.Where(e => e.Result == ActivityResult.Refused).ToDictionary(e => e.UserId, e => e.Count);
        Assert.Equal((3, 2), (refused[owner.UserId], refused[member.UserId]));
    }

    [Theory, EveryDatabase]
    public async Task Migration_FromTheLogsOfMembers_KeepsWhatTheStreamShowed(TestProvider provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider);
        await using var host = CoreHost.Start(database);
        var (team, user) = (Guid.NewGuid(), Guid.NewGuid());
        await using (var db = await host.OpenAsync())
        {
            await db.Database.GetService<IMigrator>().MigrateAsync("20261126130000_BoundaryAndAccounts");
            await db.Database.ExecuteSqlAsync($"""INSERT INTO "Teams" ("Id", "Slug", "Name", "CreatedAt", "MembersMayApprove", "RequiresSecondFactor", "IsDemo") VALUES ({team}, 'old', 'Old', 1, {true}, {false}, {false})""");
            for (var i = 1; i <= 1002; i++)
            {
                await db.Database.ExecuteSqlAsync(
                    $"""INSERT INTO "ActivityEntries" ("UserId", "Seq", "TeamId", "Operation", "Result", "TargetKind", "TargetId", "TargetName", "Detail", "UserName", "At", "LastAt", "Count") VALUES ({user}, {(long)i}, {(i == 7 ? null : (Guid?)team)}, 'test.old', 1, '', {i.ToString()}, '', '', 'Ada', {(long)i}, {(long)i}, 1)""");
            }

            await db.Database.GetService<IMigrator>().MigrateAsync();
        }

        await using var after = await host.OpenAsync();
        var kept = await after.TeamActivityEntries.Where(e => e.TeamId == team).OrderBy(e => e.Seq).Select(e => e.TargetId).ToListAsync();
        Assert.Equal((1000, "2", "1002"), (kept.Count, kept[0], kept[^1])); // 1001 were the team's
        var counter = await after.UserCounters.SingleAsync(c => c.UserId == team && c.Log == UserLog.TeamActivity);
        Assert.Equal((1001, 1000), (counter.LastSeq, counter.Count));
    }

    private static async Task<Page<ActivityEntry>> StreamAsync(CoreHost host, Actor actor, string team) =>
        (await host.Get<TeamService>().ActivityAsync(actor, team, new ActivityFilter(), new PageRequest(), default)).Value!;
}
