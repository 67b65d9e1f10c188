using Anycast.Core.Common;
using Anycast.Core.Mail;
using Anycast.Core.Operators;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using MimeKit;

namespace Anycast.Tests.Mail;

/// <summary>Mail leaves through the outbox: by SMTP when configured, else into the pick-up folder (T05).</summary>
[PolicyClause("T05")]
public sealed class MailSenderTests
{
    [Theory, EveryDatabase]
    public async Task SendDue_BySmtp_DeliversOnceWithItsMessageIdAndEmptiesTheRow(TestProvider provider)
    {
        await using var smtp = new SmtpCatcher();
        await using var host = await CoreHost.StartAsync(provider, settings: smtp.Settings());
        var row = await AddAsync(host, subject: "Grüße", text: "Straße\n.\n..dots");
        await host.Get<MailSender>().SendDueAsync(default);
        await host.Get<MailSender>().SendDueAsync(default);

        var caught = Assert.Single(smtp.Mails);
        Assert.Equal(["reader@example.org"], caught.Recipients);
        Assert.Equal("Grüße", caught.Message.Subject);
        Assert.Equal(row.MessageId, caught.Message.MessageId);
        Assert.Equal("anycast@example.org", caught.Message.From.Mailboxes.Single().Address);
        Assert.Equal("Straße\n.\n..dots", caught.Message.TextBody!.ReplaceLineEndings("\n").TrimEnd());

        await using var db = await host.OpenAsync();
        var sent = await db.OutboxMails.SingleAsync();
        Assert.Equal(host.Clock.GetUtcNow(), sent.SentAt);
        Assert.Equal(("", ""), (sent.Text, sent.Html));
    }

    [Theory, EveryDatabase]
    public async Task SendDue_AfterACrashBetweenSendingAndNotingIt_RepeatsWithTheSameMessageId(TestProvider provider)
    {
        await using var smtp = new SmtpCatcher();
        await using var host = await CoreHost.StartAsync(provider, settings: smtp.Settings());
        await AddAsync(host);

        // The server has taken the mail over; the process dies before it hears so.
        using var death = new CancellationTokenSource();
        smtp.BeforeAnswer = _ => death.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Get<MailSender>().SendDueAsync(death.Token));
        Assert.Single(smtp.Mails);

        smtp.BeforeAnswer = null;
        await using var restarted = CoreHost.Start(host.Database, settings: smtp.Settings(), clock: host.Clock);
        await restarted.Get<MailSender>().SendDueAsync(default);
        Assert.Single(smtp.Mails); // the lease of the dead process still holds
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        await restarted.Get<MailSender>().SendDueAsync(default);
        Assert.Equal(2, smtp.Mails.Count);
        Assert.Single(smtp.Mails.Select(m => m.Message.MessageId).Distinct());

        host.Clock.Advance(TimeSpan.FromDays(1));
        await restarted.Get<MailSender>().SendDueAsync(default);
        Assert.Equal(2, smtp.Mails.Count);
    }

    [Theory, EveryDatabase]
    public async Task SendDue_OnTwoReplicasAtOnce_SendsEachMailOnce(TestProvider provider)
    {
        await using var smtp = new SmtpCatcher();
        await using var host = await CoreHost.StartAsync(provider, settings: smtp.Settings());
        await using var second = CoreHost.Start(host.Database, settings: smtp.Settings(), clock: host.Clock);
        for (var i = 0; i < 12; i++)
        {
            await AddAsync(host, subject: $"Mail {i}");
        }

        await Task.WhenAll(host.Get<MailSender>().SendDueAsync(default), second.Get<MailSender>().SendDueAsync(default));
        Assert.Equal(12, smtp.Mails.Count);
        Assert.Equal(12, smtp.Mails.Select(m => m.Message.MessageId).Distinct().Count());
    }

    [Theory, EveryDatabase]
    public async Task SendDue_WhenTheServerRefusesOrIsAway_TriesAgainLaterAndNamesTheClassOfError(TestProvider provider)
    {
        await using var smtp = new SmtpCatcher { RefuseNext = "450 try later, person@example.org is greylisted" };
        await using var host = await CoreHost.StartAsync(provider, settings: smtp.Settings());
        await AddAsync(host);
        await host.Get<MailSender>().SendDueAsync(default);
        await using (var db = await host.OpenAsync())
        {
            var waiting = await db.OutboxMails.SingleAsync();
            Assert.Equal("smtp_450", waiting.LastError);
            Assert.Null(waiting.SentAt);
        }

        host.Clock.Advance(TimeSpan.FromSeconds(29));
        await host.Get<MailSender>().SendDueAsync(default);
        Assert.Empty(smtp.Mails);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Get<MailSender>().SendDueAsync(default);
        Assert.Single(smtp.Mails);
    }

    [Theory, EveryDatabase]
    public async Task SendDue_WhenNobodyListens_GivesUpAfterTheLastTry(TestProvider provider)
    {
        var settings = new Dictionary<string, string?> { ["Anycast:Mail:SmtpHost"] = "127.0.0.1", ["Anycast:Mail:SmtpPort"] = AppProcess.FreePort().ToString(), ["Anycast:Mail:SmtpSecurity"] = "None" };
        await using var host = await CoreHost.StartAsync(provider, settings: settings);
        await AddAsync(host);
        for (var i = 0; i < MailSender.MaxTries + 3; i++)
        {
            await host.Get<MailSender>().SendDueAsync(default);
            host.Clock.Advance(TimeSpan.FromHours(5));
        }

        await using var db = await host.OpenAsync();
        Assert.Equal(MailSender.MaxTries, (await db.OutboxMails.SingleAsync()).Tries);
    }

    [Fact]
    public async Task SendDue_ToAServerThatOffersNoTls_SendsNothingInClear()
    {
        await using var smtp = new SmtpCatcher();
        var settings = smtp.Settings();
        settings["Anycast:Mail:SmtpSecurity"] = "StartTls";
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: settings);
        await AddAsync(host);
        await host.Get<MailSender>().SendDueAsync(default);
        Assert.Empty(smtp.Mails);
        await using var db = await host.OpenAsync();
        Assert.Null((await db.OutboxMails.SingleAsync()).SentAt);
    }

    [Theory, EveryDatabase]
    public async Task SendDue_WithoutSmtp_LaysTheMailIntoTheFolderThatOperatorsAloneRead(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => services.AddOperators());
        var row = await AddAsync(host, subject: "Confirm");
        await host.Get<MailSender>().SendDueAsync(default);
        Assert.True(host.Get<MailPickup>().IsUsed);
        var desk = host.Get<MailDesk>();
        Assert.Equal(FailureKind.Forbidden, (await desk.ListAsync(await host.ActorAsync(), default)).Failure!.Kind);
        Assert.Equal(FailureKind.Forbidden, (await desk.ListAsync(Actor.Anonymous, default)).Failure!.Kind);
        Assert.Equal(FailureKind.Forbidden, (await desk.ListAsync(await host.ActorAsync() with { Roles = PlatformRoles.Operator }, default)).Failure!.Kind); // a role that the session still names and the account has lost
        var mail = Assert.Single((await desk.ListAsync(await host.ActorAsync(roles: PlatformRoles.Operator), default)).Value!);
        Assert.Equal((row.Id, "Confirm"), (mail.Id, mail.Subject));
        Assert.Contains("hello", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendDue_WithLineBreaksInNameAndSubject_AddsNoHeaderAndNoRecipient()
    {
        await using var smtp = new SmtpCatcher();
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: smtp.Settings());
        await AddAsync(host, subject: "Hello\r\nBcc: everybody@example.org", name: "Eve\r\nBcc: everybody@example.org, \"x\" <two@example.org>");
        await host.Get<MailSender>().SendDueAsync(default);
        var caught = Assert.Single(smtp.Mails);
        Assert.Equal(["reader@example.org"], caught.Recipients);
        Assert.Null(caught.Message.Headers[HeaderId.Bcc]);
        Assert.Equal("reader@example.org", caught.Message.To.Mailboxes.Single().Address);
    }

    [Theory, EveryDatabase]
    public async Task Add_InARolledBackTransaction_SendsNothing(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        await using (var db = await host.OpenAsync())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            host.Get<MailQueue>().Add(db, New("gone"));
            await db.SaveChangesAsync();
        }

        await host.Get<MailSender>().SendDueAsync(default);
        Assert.Empty(await host.Get<MailPickup>().ListAsync(default));
    }

    private static NewMail New(string subject, string text = "hello", string name = "Reader") =>
        new(MailClass.Transactional, "reader@example.org", name, subject, text, "<p>hello</p>");

    private static async Task<OutboxMail> AddAsync(CoreHost host, string subject = "Subject", string text = "hello", string name = "Reader")
    {
        await using var db = await host.OpenAsync();
        host.Get<MailQueue>().Add(db, New(subject, text, name));
        await db.SaveChangesAsync();
        return await db.OutboxMails.AsNoTracking().OrderByDescending(m => m.Id).FirstAsync();
    }
}
