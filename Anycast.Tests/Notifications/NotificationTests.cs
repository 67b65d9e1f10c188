using System.Globalization;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Notifications;

/// <summary>Notifications (D15): live, counted, by mail where chosen; security mails always.</summary>
public sealed class NotificationTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private static readonly NewNotification s_team = new(NotificationType.Teams, "invitation", ["Ada", "Shop", "@Admin"], "/me/invitations");

    [Theory, EveryDatabase]
    [PolicyClause("D15")]
    public async Task Notification_WhenSent_IsCountedTellsOpenPagesAndIsReadOrDeleted(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        var actor = ActorFactory.For(user);
        var service = host.Get<NotificationService>();
        var told = new List<Guid>();
        service.Changed += told.Add;
        await service.SendAsync(Recipients.For(user), s_team, null, default);
        await service.SendAsync(Recipients.For(user), s_team, null, default);
        Assert.Equal(2, told.Count(id => id == user.Id));
        Assert.Equal(2, await service.UnreadAsync(actor, default));

        var list = await service.ListAsync(actor, unreadOnly: false, new PageRequest(), default);
        Assert.True((await service.MarkAsync(actor, list.Items[0].Seq, read: true, default)).IsOk);
        Assert.Equal(1, await service.UnreadAsync(actor, default));
        Assert.True((await service.MarkAsync(actor, list.Items[0].Seq, read: false, default)).IsOk);
        await service.MarkAllAsync(actor, default);
        Assert.Equal(0, await service.UnreadAsync(actor, default));
        Assert.Equal(FailureKind.NotFound, (await service.DeleteAsync(await host.ActorAsync(), list.Items[0].Seq, default)).Failure!.Kind);
        Assert.True((await service.DeleteAsync(actor, list.Items[0].Seq, default)).IsOk);
        Assert.Equal(1, (await service.ListAsync(actor, false, new PageRequest(), default)).Total);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D15")]
    public async Task Choice_OfChannels_IsHonouredAndSecurityMailsCannotBeSwitchedOff(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        var actor = ActorFactory.For(user);
        var service = host.Get<NotificationService>();
        Assert.True((await service.ChooseAsync(actor, NotificationType.Teams, inApp: false, byMail: false, default)).IsOk);
        await service.SendAsync(Recipients.For(user), s_team, null, default);
        Assert.Equal((0, 0), (await service.UnreadAsync(actor, default), await MailsAsync(host, user)));

        // What is about the safety of the account is always shown and mailed, whatever a row of an earlier version says.
        Assert.Equal("notifications.security_stays", (await service.ChooseAsync(actor, NotificationType.Security, true, byMail: false, default)).Failure!.Code);
        Assert.Equal("notifications.security_stays", (await service.ChooseAsync(actor, NotificationType.Security, false, byMail: true, default)).Failure!.Code);
        await using (var db = await host.OpenAsync())
        {
            db.NotificationPreferences.Add(new NotificationPreference { UserId = user.Id, Type = NotificationType.Security, InApp = false, Mail = false });
            await db.SaveChangesAsync();
        }

        Assert.Contains(new NotificationChoice(NotificationType.Security, true, true), await service.ChoicesAsync(actor, default));
        await service.SendAsync(Recipients.For(user), s_team with { Type = NotificationType.Security }, new Uri("https://anycast.test"), default);
        Assert.Equal((1, 1), (await service.UnreadAsync(actor, default), await MailsAsync(host, user)));
        Assert.Contains("https://anycast.test/me/invitations", await host.LastMailAsync(user.Email!));
    }

    [Theory, EveryDatabase]
    public async Task Notifications_BeyondAThousandOrReadNinetyDaysAgo_AreDeleted(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var user = await host.UserAsync();
        var service = host.Get<NotificationService>();
        await service.ChooseAsync(ActorFactory.For(user), NotificationType.Teams, inApp: true, byMail: false, default);
        await using (var db = await host.OpenAsync())
        {
            db.Notifications.AddRange(Enumerable.Range(1, NotificationService.KeptPerUser)
                .Select(seq => new Notification { UserId = user.Id, Seq = seq, Type = NotificationType.Teams, Key = s_team.Key, Args = [.. s_team.Args], At = host.Clock.GetUtcNow() }));
            db.UserCounters.Add(new UserCounter { UserId = user.Id, Log = UserLog.Notifications, LastSeq = NotificationService.KeptPerUser, Count = NotificationService.KeptPerUser });
            await db.SaveChangesAsync();
        }

        await service.SendAsync(Recipients.For(user), s_team, null, default);

        Assert.Equal(NotificationService.KeptPerUser, (await service.ListAsync(ActorFactory.For(user), false, new PageRequest(), default)).Total);
        await service.MarkAllAsync(ActorFactory.For(user), default);
        host.Clock.Advance(NotificationService.ReadKept);
        Assert.Equal(NotificationService.KeptPerUser, await service.PurgeAsync(default));
    }

    [Theory]
    [InlineData("en", "Ada invites you to the team “Shop” as admin")]
    [InlineData("de", "Ada lädt Sie in das Team „Shop“ ein, als Administrator")]
    public void Text_OfANotification_IsInTheReadersLanguage(string language, string expected) =>
        Assert.StartsWith(expected, NotificationTexts.Body(s_team.Key, s_team.Args, CultureInfo.GetCultureInfo(language)));

    private static async Task<int> MailsAsync(CoreHost host, User user)
    {
        await using var db = await host.OpenAsync();
        return await db.OutboxMails.CountAsync(m => m.UserId == user.Id);
    }
}
