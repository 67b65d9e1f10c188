using Anycast.Core.Common;

namespace Anycast.Core.Notifications;

/// <summary>What a notification is about; the unit of preferences.</summary>
public enum NotificationType
{
    /// <summary>Safety of the account; by mail always.</summary>
    Security = 1,

    /// <summary>API tokens that end soon.</summary>
    Tokens = 2,

    /// <summary>Invitations, roles, ownership.</summary>
    Teams = 3,

    /// <summary>Clusters and their agents.</summary>
    Clusters = 4,

    /// <summary>Proposals and answers.</summary>
    Assistant = 5,
}

/// <summary>
/// A message to one user (D15). It holds a key and values, not a sentence: it is read in the language the reader has now. The newest 1000 per user
/// are kept, read ones for 90 days.
/// </summary>
public sealed class Notification
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    /// <summary>Number within the user's list; the key is (UserId, Seq).</summary>
    [Classified(DataClass.Technical)]
    public long Seq { get; set; }

    [Classified(DataClass.Technical)]
    public NotificationType Type { get; set; }

    /// <summary>Which text, e.g. <c>token_expiring</c>.</summary>
    [Classified(DataClass.Message)]
    public string Key { get; set; } = "";

    /// <summary>Values of the text's placeholders; one that begins with @ is a word of the product (a role) in the reader's language.</summary>
    [Classified(DataClass.Message)]
    public List<string> Args { get; set; } = [];

    /// <summary>A path of this site.</summary>
    [Classified(DataClass.Message)]
    public string Link { get; set; } = "";

    /// <summary>The team it is about; its notifications go with it.</summary>
    [Classified(DataClass.Technical)]
    public Guid? TeamId { get; set; }

    [Classified(DataClass.Message)]
    public DateTimeOffset At { get; set; }

    [Classified(DataClass.Message)]
    public DateTimeOffset? ReadAt { get; set; }
}

/// <summary>A user's choice for one type; a type without a row has its default.</summary>
public sealed class NotificationPreference
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Preference)]
    public NotificationType Type { get; set; }

    [Classified(DataClass.Preference)]
    public bool InApp { get; set; }

    [Classified(DataClass.Preference)]
    public bool Mail { get; set; }
}
