namespace Anycast.Core.Mail;

/// <summary>
/// Asked for each mail right before it leaves, so that what changed while it waited counts (D06, U07, R05). What it knows of people stands in a feature
/// above this one.
/// </summary>
public interface IMailGate
{
    /// <summary>Whether a mail of this class may leave now to this account's address.</summary>
    Task<bool> MayLeaveAsync(MailClass mailClass, Guid? userId, string toAddress, CancellationToken ct);
}
