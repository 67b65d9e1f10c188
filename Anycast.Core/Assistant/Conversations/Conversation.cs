using Anycast.Core.Common;

namespace Anycast.Core.Assistant.Conversations;

/// <summary>One conversation of one person with the assistant (D12), in a team, about one cluster at a time. Nobody else sees it.</summary>
public sealed class Conversation
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    /// <summary>Number within the user's conversations; the key is (UserId, Seq), and rows lie in its order.</summary>
    [Classified(DataClass.Technical)]
    public long Seq { get; set; }

    /// <summary>For URLs.</summary>
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    /// <summary>The cluster that tools act on; null until one is chosen, or when it was removed.</summary>
    [Classified(DataClass.Technical)]
    public Guid? ClusterId { get; set; }

    /// <summary>From the first question, until the person renames it; empty before.</summary>
    [Classified(DataClass.Content)]
    public string Title { get; set; } = "";

    /// <summary>What was typed and not sent.</summary>
    [Classified(DataClass.Content)]
    public string Draft { get; set; } = "";

    [Classified(DataClass.Technical)]
    public int LastMessage { get; set; }

    [Classified(DataClass.Content)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Content)]
    public DateTimeOffset UpdatedAt { get; set; }

    public List<Message> Messages { get; set; } = [];
}
