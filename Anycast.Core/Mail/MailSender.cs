using Anycast.Core.Data;
using MailKit;
using MailKit.Net.Smtp;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Mail;

/// <summary>
/// Sends what is due in the outbox. Transactional mail may repeat with the same Message-ID after a crash between sending and
/// noting it. Woken after each commit, and every 15 seconds besides, so that a lost wake-up or another replica's row is found.
/// </summary>
public sealed class MailSender(IDbContextFactory<AppDbContext> contexts, MailQueue queue, MailDelivery delivery, IMailGate gate, TimeProvider clock, ILogger<MailSender> log)
    : BackgroundService
{
    /// <summary>Tries before a mail is given up; with doubling pauses that is about a day.</summary>
    public const int MaxTries = 12;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    /// <summary>Sends all that is due now.</summary>
    public async Task SendDueAsync(CancellationToken ct)
    {
        while (await TakeAsync(ct) is { } mail)
        {
            await SendAsync(mail, ct);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SendDueAsync(stoppingToken);
                await queue.WaitAsync(Poll, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // A database that is away, or anything else: this loop must not end, and with it the host.
                log.LogError(e, "The outbox could not be worked off; trying again in a while.");
                await Task.Delay(Poll, clock, stoppingToken);
            }
        }
    }

    /// <summary>Takes one due mail by moving its next try ahead; whoever's update counts has it, also among replicas.</summary>
    private async Task<OutboxMail?> TakeAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        var due = await db.OutboxMails.AsNoTracking()
            .Where(m => m.SentAt == null && m.NextTryAt <= now && m.Tries < MaxTries)
            .OrderBy(m => m.NextTryAt)
            .FirstOrDefaultAsync(ct);
        if (due is null)
        {
            return null;
        }

        var taken = await db.OutboxMails
            .Where(m => m.Id == due.Id && m.NextTryAt == due.NextTryAt && m.SentAt == null)
            .ExecuteUpdateAsync(s => s.SetProperty(m => m.NextTryAt, now + Lease).SetProperty(m => m.Tries, m => m.Tries + 1), ct);
        due.Tries++;
        return taken == 1 ? due : await TakeAsync(ct);
    }

    private async Task SendAsync(OutboxMail mail, CancellationToken ct)
    {
        // Marketing is never sent twice: a try that ended without a word may have been sent.
        if (mail is { Class: MailClass.Marketing, Tries: > 1, LastError: "" })
        {
            await GiveUpAsync(mail, "in_doubt", ct);
            return;
        }

        if (!await gate.MayLeaveAsync(mail.Class, mail.UserId, mail.ToAddress, ct))
        {
            await GiveUpAsync(mail, "no_consent", ct);
            return;
        }

        var error = "";
        try
        {
            await delivery.DeliverAsync(mail, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever one mail or one server does wrong, the next mail is not held up by it.
            if (mail.Class == MailClass.Marketing && e is not (SmtpCommandException or System.Net.Sockets.SocketException))
            {
                await GiveUpAsync(mail, "in_doubt", ct); // Only a refusal, or nobody there, says for sure that it did not leave.
                return;
            }

            error = e is SmtpCommandException smtp ? $"smtp_{(int)smtp.StatusCode}" : e.GetType().Name;
            log.LogWarning("Mail {Id} could not be sent (try {Try}): {Error}", mail.Id, mail.Tries, error);
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        if (error.Length == 0)
        {
            // What was sent is not kept: the row stays as proof of sending, without text.
            await db.OutboxMails.Where(m => m.Id == mail.Id).ExecuteUpdateAsync(
                s => s.SetProperty(m => m.SentAt, now).SetProperty(m => m.Text, "").SetProperty(m => m.Html, "").SetProperty(m => m.LastError, ""), ct);
        }
        else
        {
            var pause = TimeSpan.FromSeconds(30 * Math.Pow(2, Math.Min(mail.Tries - 1, 8)));
            await db.OutboxMails.Where(m => m.Id == mail.Id).ExecuteUpdateAsync(
                s => s.SetProperty(m => m.NextTryAt, now + pause).SetProperty(m => m.LastError, error), ct);
        }
    }

    /// <summary>It will not leave any more; the row stays as proof of that, without text.</summary>
    private async Task GiveUpAsync(OutboxMail mail, string why, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.OutboxMails.Where(m => m.Id == mail.Id).ExecuteUpdateAsync(
            s => s.SetProperty(m => m.Tries, MaxTries).SetProperty(m => m.LastError, why).SetProperty(m => m.Text, "").SetProperty(m => m.Html, ""), ct);
        log.LogInformation("Mail {Id} of class {Class} was not sent: {Why}.", mail.Id, mail.Class, why);
    }
}
