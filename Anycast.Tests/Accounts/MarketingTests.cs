using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Anycast.Core.Accounts.Marketing;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Common;
using Anycast.Core.Mail;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Marketing mail only to whoever said yes, and only while that holds (D06, R07, U07).</summary>
public sealed class MarketingTests
{
    [Theory, EveryDatabase]
    [PolicyClause("D06", "R07")]
    public async Task Choice_OfANewAccount_IsOffAndEachChangeIsProven(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var marketing = host.Get<MarketingService>();
        var ada = await host.ActorAsync();
        Assert.Equal(new MarketingChoice(false, null), await marketing.GetAsync(ada, default));
        Assert.True((await marketing.SetAsync(ada, false, default)).IsOk); // What is so already is no change.
        Assert.Empty(await marketing.HistoryAsync(ada, default));

        var first = host.Clock.GetUtcNow();
        Assert.True((await marketing.SetAsync(ada, true, default)).IsOk);
        Assert.True((await marketing.SetAsync(ada, true, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(new MarketingChoice(true, first), await marketing.GetAsync(ada, default));
        Assert.True((await marketing.SetAsync(ada with { Ip = "2001:db8::1" }, false, default)).IsOk);
        Assert.Equal(new MarketingChoice(false, host.Clock.GetUtcNow()), await marketing.GetAsync(ada, default));

        var proof = await marketing.HistoryAsync(ada, default);
        Assert.Equal(
            [(false, host.Clock.GetUtcNow(), "2001:db8::1"), (true, first, "192.0.2.10")],
            proof.Select(p => (p.IsGranted, p.At, p.Ip!)));
        Assert.All(proof, p => Assert.Equal((MarketingService.TextVersion, "notifications"), (p.TextVersion, p.Source)));

        var other = await host.ActorAsync();
        Assert.Empty(await marketing.HistoryAsync(other, default));
        Assert.Equal(Failure.Forbidden, (await marketing.SetAsync(ada with { Kind = ActorKind.ApiToken }, true, default)).Failure);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D06", "R07", "U07")]
    public async Task Mail_OfMarketing_LeavesOnlyWithALiveConsentOfTheConfirmedAddress(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var marketing = host.Get<MarketingService>();
        var (willing, never, changed, moved, unconfirmed, restricted) =
            (await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync());
        foreach (var actor in new[] { willing, changed, moved, unconfirmed, restricted })
        {
            Assert.True((await marketing.SetAsync(actor, true, default)).IsOk);
        }

        foreach (var actor in new[] { willing, never, changed, moved, unconfirmed, restricted })
        {
            foreach (var mailClass in Enum.GetValues<MailClass>())
            {
                await AddAsync(host, mailClass, actor);
            }
        }

        // All of this after the mails were written and before they leave.
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await marketing.SetAsync(changed, false, default)).IsOk);
        Assert.True((await host.Get<RestrictionService>().SetAsync(restricted, true, default)).IsOk);
        await using (var db = await host.OpenAsync())
        {
            await db.Users.Where(u => u.Id == moved.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.Email, "new@example.org").SetProperty(u => u.NormalizedEmail, "NEW@EXAMPLE.ORG"));
            await db.Users.Where(u => u.Id == unconfirmed.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.EmailConfirmed, false));
            db.OutboxMails.Add(new OutboxMail { Id = Guid.NewGuid(), Class = MailClass.Marketing, ToAddress = "nobody@example.org", MessageId = "m", CreatedAt = host.Clock.GetUtcNow(), NextTryAt = host.Clock.GetUtcNow() });
            await db.SaveChangesAsync();
        }

        await host.Get<MailSender>().SendDueAsync(default);
        await using var after = await host.OpenAsync();
        var rows = await after.OutboxMails.AsNoTracking().ToListAsync();
        Assert.Equal([willing.UserId], rows.Where(r => r is { Class: MailClass.Marketing, SentAt: not null }).Select(r => r.UserId!.Value));
        Assert.Equal(new[] { willing, never, changed, moved }.Select(a => a.UserId).Order(), rows.Where(r => r is { Class: MailClass.Notice, SentAt: not null }).Select(r => r.UserId!.Value).Order());
        Assert.Equal(6, rows.Count(r => r is { Class: MailClass.Transactional, SentAt: not null }));
        Assert.All(rows.Where(r => r.SentAt is null), r => Assert.Equal(("no_consent", "", ""), (r.LastError, r.Text, r.Html)));

        // A consent given later does not wake what was refused.
        host.Clock.Advance(TimeSpan.FromDays(2));
        Assert.True((await marketing.SetAsync(changed, true, default)).IsOk);
        await host.Get<MailSender>().SendDueAsync(default);
        Assert.Equal(1, await after.OutboxMails.CountAsync(m => m.Class == MailClass.Marketing && m.SentAt != null));
    }

    [Theory, EveryDatabase]
    [PolicyClause("U07")]
    public async Task Mail_OfMarketing_WhoseSendingIsInDoubt_IsNotSentAgain(TestProvider provider)
    {
        await using var smtp = new SmtpCatcher();
        await using var host = await CoreHost.StartAsync(provider, settings: smtp.Settings());
        var ada = await host.ActorAsync();
        Assert.True((await host.Get<MarketingService>().SetAsync(ada, true, default)).IsOk);
        await AddAsync(host, MailClass.Marketing, ada);
        using var death = new CancellationTokenSource();
        smtp.BeforeAnswer = _ => death.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Get<MailSender>().SendDueAsync(death.Token));
        smtp.BeforeAnswer = null;
        Assert.Single(smtp.Mails);

        host.Clock.Advance(TimeSpan.FromHours(1));
        await host.Get<MailSender>().SendDueAsync(default);
        host.Clock.Advance(TimeSpan.FromDays(1));
        await host.Get<MailSender>().SendDueAsync(default);
        Assert.Single(smtp.Mails);
        await using var db = await host.OpenAsync();
        Assert.Equal("in_doubt", (await db.OutboxMails.SingleAsync()).LastError);
    }

    /// <summary>Who agrees, agrees to a text: when it changes, its name in <see cref="MarketingService.TextVersion"/> and the sum here change with it.</summary>
    [Fact]
    [PolicyClause("D06")]
    public void Text_OfTheChoice_IsTheOneThatItsVersionNames()
    {
        static string Text(string file) => XDocument.Load(RepositoryRoot.At("Anycast.Web", "Notifications", file)).Root!.Elements("data").Single(d => d.Attribute("name")!.Value == "Marketing.Text").Element("value")!.Value;
        var sum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text("NotificationsText.resx") + "\n" + Text("NotificationsText.de.resx"))))[..16];
        Assert.Equal(("2026-11-26", "d6f1459e23ba95de"), (MarketingService.TextVersion, sum));
    }

    private static async Task AddAsync(CoreHost host, MailClass mailClass, Actor to)
    {
        await using var db = await host.OpenAsync();
        host.Get<MailQueue>().Add(db, new NewMail(mailClass, to.Email, to.Name, "Subject", "Text", "<p>Text</p>", to.UserId));
        await db.SaveChangesAsync();
    }
}
