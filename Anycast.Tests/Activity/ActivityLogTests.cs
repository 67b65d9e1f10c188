using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Activity;

/// <summary>The newest 1000 actions of each user are kept (D14, K03).</summary>
[PolicyClause("D14", "K03")]
public sealed class ActivityLogTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Fact]
    public void KeptPerUser_IsThePolicysFigure() => Assert.Equal(1000, ActivityLog.KeptPerUser);

    [Theory, EveryDatabase]
    public async Task Record_BeyondAThousand_DropsTheOldestOfThatUserOnly(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var busy = await host.ActorAsync();
        var calm = await host.ActorAsync();
        var log = host.Get<ActivityLog>();
        await log.RecordAsync(calm, new ActivityEvent("account.rename"), default);

        // The first thousand at once, as they would lie there; then the real thing.
        await using (var db = await host.OpenAsync())
        {
            var now = host.Clock.GetUtcNow();
            db.ActivityEntries.AddRange(Enumerable.Range(1, 1000).Select(i => new ActivityEntry { UserId = busy.UserId, Seq = i, Operation = "test.fill", TargetId = $"{i}", At = now, LastAt = now }));
            db.UserCounters.Add(new UserCounter { UserId = busy.UserId, Log = UserLog.Activity, LastSeq = 1000, Count = 1000 });
            await db.SaveChangesAsync();
        }

        for (var i = 0; i < 5; i++)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            await log.RecordAsync(busy, new ActivityEvent("test.more", TargetId: $"more{i}"), default);
        }

        var page = await log.OwnAsync(busy, new ActivityFilter(), new PageRequest(1, 10), default);
        Assert.Equal(1000, page.Total);
        Assert.Equal(["more4", "more3", "more2", "more1", "more0"], page.Items.Take(5).Select(e => e.TargetId));
        await using var after = await host.OpenAsync();
        Assert.Equal(6, await after.ActivityEntries.Where(e => e.UserId == busy.UserId).MinAsync(e => e.Seq));
        Assert.Equal(1000, (await after.UserCounters.SingleAsync(c => c.UserId == busy.UserId && c.Log == UserLog.Activity)).Count);
        Assert.Equal(1, await after.ActivityEntries.CountAsync(e => e.UserId == calm.UserId));
    }

    [Theory, EveryDatabase]
    public async Task Record_OfManyAtOnce_LosesNoneAndNumbersThemWithoutGaps(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => host.Get<ActivityLog>().RecordAsync(actor, new ActivityEvent("test.race", TargetId: $"{i}"), default))));
        await using var db = await host.OpenAsync();
        var seqs = await db.ActivityEntries.Where(e => e.UserId == actor.UserId).OrderBy(e => e.Seq).Select(e => e.Seq).ToListAsync();
        Assert.Equal(Enumerable.Range(1, 40).Select(i => (long)i), seqs);
    }

    [Theory, EveryDatabase]
    public async Task Record_OfRepeatedRefusals_CountsInOneRowSoThatAFloodPushesNothingOut(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var log = host.Get<ActivityLog>();
        var refused = new ActivityEvent("account.sign_in", "user", "x", Result: ActivityResult.Refused);
        for (var i = 0; i < 50; i++)
        {
            await log.RecordAsync(actor, refused, default);
        }

        var entry = Assert.Single((await log.OwnAsync(actor, new ActivityFilter(), new PageRequest(), default)).Items);
        Assert.Equal(50, entry.Count);

        host.Clock.Advance(ActivityLog.CoalesceWithin + TimeSpan.FromSeconds(1));
        await log.RecordAsync(actor, refused, default);
        Assert.Equal(2, (await log.OwnAsync(actor, new ActivityFilter(), new PageRequest(), default)).Total);
    }

    [Theory, EveryDatabase]
    public async Task Record_OfRefusalsFromManyNetworks_StaysOneRowAndSaysHowManyAndWhereTheLastCameFrom(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var log = host.Get<ActivityLog>();
        var refused = new ActivityEvent("account.sign_in", "user", "x", Result: ActivityResult.Refused);
        for (var i = 0; i < 140; i++)
        {
            await log.RecordAsync(actor with { Ip = $"198.51.100.{i % 70}", Device = $"Browser {i}" }, refused, default);
        }

        var entry = Assert.Single((await log.OwnAsync(actor, new ActivityFilter(), new PageRequest(), default)).Items);
        Assert.Equal((140, "198.51.100.69", "Browser 139", 69), (entry.Count, entry.Ip, entry.Device, entry.OtherNetworks));
        for (var i = 0; i < 256; i++)
        {
            await log.RecordAsync(actor with { Ip = $"2001:db8:ffff:{i:x}::1" }, refused, default);
        }

        entry = Assert.Single((await log.OwnAsync(actor, new ActivityFilter(), new PageRequest(), default)).Items);
        Assert.Equal((396, ActivityEntry.MostNetworks - 1), (entry.Count, entry.OtherNetworks));
    }

    [Theory, EveryDatabase]
    public async Task Record_InARolledBackTransaction_LeavesNothing(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        await using (var db = await host.OpenAsync())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await host.Get<ActivityLog>().RecordAsync(db, actor, new ActivityEvent("test.undone"), default);
        }

        Assert.Equal(0, (await host.Get<ActivityLog>().OwnAsync(actor, new ActivityFilter(), new PageRequest(), default)).Total);
    }

    [Theory, EveryDatabase]
    public async Task Own_WithASearchThatHoldsWildcards_TakesThemAsText(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var log = host.Get<ActivityLog>();
        await log.RecordAsync(actor, new ActivityEvent("test.a", TargetName: "100% of it"), default);
        await log.RecordAsync(actor, new ActivityEvent("test.b", TargetName: "under_score"), default);
        Assert.Equal("100% of it", Assert.Single((await log.OwnAsync(actor, new ActivityFilter("0% o"), new PageRequest(), default)).Items).TargetName);
        Assert.Equal("under_score", Assert.Single((await log.OwnAsync(actor, new ActivityFilter("r_s"), new PageRequest(), default)).Items).TargetName);
        Assert.Empty((await log.OwnAsync(actor, new ActivityFilter("r%s"), new PageRequest(), default)).Items);
    }
}
