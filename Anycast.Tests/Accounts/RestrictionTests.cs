using Anycast.Core.Accounts.Marketing;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Common;
using Anycast.Core.Notifications;
using Anycast.Tests.Assistant;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Whoever restricts the use of their data keeps them, and nothing uses them (R05).</summary>
public sealed class RestrictionTests
{
    [Fact]
    [PolicyClause("R05")]
    public async Task Assistant_OfSomebodyRestricted_AnswersNothingAndKeepsEverything()
    {
        await using var world = await AssistantWorld.StartAsync();
        var restriction = world.Host.Get<RestrictionService>();
        var conversations = world.Host.Get<ConversationService>();
        var made = (await conversations.CreateAsync(world.Actor, world.Team.Id, null, default)).Value!;
        Assert.True((await conversations.SaveDraftAsync(world.Actor, world.Team.Id, made.Id, "What is broken?", default)).IsOk);

        Assert.True((await restriction.SetAsync(world.Actor, true, default)).IsOk);
        Assert.NotNull(await restriction.SinceAsync(world.Actor, default));
        Assert.Equal("accounts.restricted", (await world.Runs.AskAsync(world.Actor, world.Team.Id, made.Id, "What is broken?", "", default)).Failure!.Code);
        Assert.Equal("accounts.restricted", (await world.Runs.ContinueAsync(world.Actor, world.Team.Id, made.Id, default)).Failure!.Code);
        Assert.Equal("accounts.restricted", (await conversations.CreateAsync(world.Actor, world.Team.Id, null, default)).Failure!.Code);
        var token = world.Actor with { Kind = ActorKind.ApiToken, TokenTeamId = world.Team.Id, Scopes = ApiScopes.All };
        Assert.Equal("accounts.restricted", (await world.Runs.AskAsync(token, world.Team.Id, made.Id, "What is broken?", "", default)).Failure!.Code);
        Assert.Equal(Failure.Forbidden, (await restriction.SetAsync(token, false, default)).Failure);

        // Kept, and readable by their owner.
        var kept = (await conversations.GetAsync(world.Actor, world.Team.Id, made.Id, default)).Value!;
        Assert.Equal("What is broken?", kept.Conversation.Draft);
        Assert.Empty(kept.Messages);

        Assert.True((await restriction.SetAsync(world.Actor, false, default)).IsOk);
        Assert.True((await world.Runs.AskAsync(world.Actor, world.Team.Id, made.Id, "What is broken?", "", default)).IsOk);
    }

    [Theory, EveryDatabase]
    [PolicyClause("R05")]
    public async Task Data_OfSomebodyRestricted_DoNotGoByTimeAndEachChangeIsInTheirLog(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (ada, grace) = (await host.ActorAsync(), await host.ActorAsync());
        var notifications = host.Get<NotificationService>();
        foreach (var actor in new[] { ada, grace })
        {
            await notifications.SendAsync(new Recipient(actor.UserId, actor.Email, actor.Name, "en"), new NewNotification(NotificationType.Clusters, "removed", ["Team"], "/"), null, default);
            await notifications.MarkAllAsync(actor, default);
        }

        var restriction = host.Get<RestrictionService>();
        Assert.True((await restriction.SetAsync(ada, true, default)).IsOk);
        var since = await restriction.SinceAsync(ada, default);
        host.Clock.Advance(TimeSpan.FromDays(91));
        Assert.True((await restriction.SetAsync(ada, true, default)).IsOk); // Twice is once.
        Assert.Equal(since, await restriction.SinceAsync(ada, default));
        Assert.Equal("accounts.restricted", (await host.Get<MarketingService>().SetAsync(ada, true, default)).Failure!.Code);
        Assert.Equal(1, await notifications.PurgeAsync(default));
        Assert.Equal(1, (await notifications.ListAsync(ada, unreadOnly: false, new PageRequest(), default)).Total);

        Assert.True((await restriction.SetAsync(ada, false, default)).IsOk);
        Assert.Equal(1, await notifications.PurgeAsync(default));
        await using var db = await host.OpenAsync();
        Assert.Equal(["account.restrict", "account.lift_restriction"], await db.ActivityEntries.Where(e => e.UserId == ada.UserId).OrderBy(e => e.Seq).Select(e => e.Operation).ToListAsync());
    }
}
