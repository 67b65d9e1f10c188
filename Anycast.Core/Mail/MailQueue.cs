using Anycast.Core.Common;
using Anycast.Core.Data;

namespace Anycast.Core.Mail;

/// <summary>A mail to send. Texts are final; user text in them is already encoded in <paramref name="Html"/>.</summary>
public sealed record NewMail(MailClass Class, string ToAddress, string ToName, string Subject, string Text, string Html, Guid? UserId = null);

/// <summary>Puts mail into the outbox, in the caller's transaction; the caller calls <see cref="Wake"/> after commit so that it leaves at once.</summary>
public sealed class MailQueue(TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _wake = new(0, 1);

    /// <summary>Adds the row; it is stored by the caller's SaveChanges.</summary>
    public void Add(AppDbContext db, NewMail mail)
    {
        var now = clock.GetUtcNow();
        var id = Ids.New(clock);
        db.OutboxMails.Add(new OutboxMail
        {
            Id = id,
            UserId = mail.UserId,
            Class = mail.Class,
            ToAddress = mail.ToAddress,
            ToName = mail.ToName,
            Subject = mail.Subject,
            Text = mail.Text,
            Html = mail.Html,
            MessageId = $"{id:N}@anycast",
            CreatedAt = now,
            NextTryAt = now,
        });
    }

    /// <summary>Something was committed to the outbox.</summary>
    public void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    public void Dispose() => _wake.Dispose();

    internal Task<bool> WaitAsync(TimeSpan atMost, CancellationToken ct) => _wake.WaitAsync(atMost, ct);
}
