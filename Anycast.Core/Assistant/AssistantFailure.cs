namespace Anycast.Core.Assistant;

/// <summary>The ways in which a model fails. A closed set; nothing of the provider's own words is shown or stored.</summary>
public enum AssistantFailureKind
{
    /// <summary>The provider asks for patience.</summary>
    RateLimited = 1,

    /// <summary>The provider does not accept the key.</summary>
    Unauthorized = 2,

    /// <summary>No answer, or no further word, in time.</summary>
    Timeout = 3,

    /// <summary>The provider cannot be reached or failed by itself.</summary>
    Unavailable = 4,

    /// <summary>The provider does not take the request: model, size, content.</summary>
    Refused = 5,

    /// <summary>What came back is no answer.</summary>
    Malformed = 6,

    /// <summary>The service itself failed.</summary>
    Internal = 7,
}

/// <summary>A failure of a model.</summary>
/// <param name="Kind">Its class.</param>
/// <param name="RetryAfter">When the provider wants to be asked again.</param>
public sealed record AssistantFailure(AssistantFailureKind Kind, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether another try may help.</summary>
    public bool IsTransient => Kind is AssistantFailureKind.RateLimited or AssistantFailureKind.Timeout or AssistantFailureKind.Unavailable;
}

/// <summary>A model failed in a named way.</summary>
public sealed class AssistantException : Exception
{
    public AssistantException(AssistantFailure failure, Exception? inner = null)
        : base($"The model failed: {failure.Kind}", inner) => Failure = failure;

    public AssistantException()
        : this(new AssistantFailure(AssistantFailureKind.Internal))
    {
    }

    public AssistantException(string message)
        : base(message) => Failure = new AssistantFailure(AssistantFailureKind.Internal);

    public AssistantException(string message, Exception inner)
        : base(message, inner) => Failure = new AssistantFailure(AssistantFailureKind.Internal);

    public AssistantFailure Failure { get; }
}
