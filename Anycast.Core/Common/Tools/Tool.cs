using System.Text.Json;

namespace Anycast.Core.Common.Tools;

/// <summary>Whether a tool changes anything. Shown to models and MCP clients as a hint, enforced by what the tool calls.</summary>
public enum ToolEffect
{
    /// <summary>Reads only.</summary>
    ReadOnly = 1,

    /// <summary>Leads to a change; always by a proposal that a person approves.</summary>
    Changing = 2,
}

/// <summary>For whom and where a tool acts. Never comes from a model: the caller fills it from the conversation or the API token.</summary>
/// <param name="Actor">Who asks.</param>
/// <param name="TeamId">The team of the conversation.</param>
/// <param name="ClusterId">The cluster of the conversation; null when none is chosen.</param>
/// <param name="ConversationId">The conversation, null outside of chat.</param>
/// <param name="RunId">The answer within it.</param>
public sealed record ToolContext(Actor Actor, Guid TeamId, Guid? ClusterId, Guid? ConversationId, Guid? RunId = null);

/// <summary>What a tool answered.</summary>
/// <param name="Output">Typed output; what a cluster said stands only in its fields, never in instructions.</param>
/// <param name="Code">Code of a failure (<c>cluster.offline</c> …), null when it worked.</param>
/// <param name="Read">What was read, in a few words for the tool card: <c>Pod · shop · 12</c>.</param>
/// <param name="ProposalId">The proposal that the call made.</param>
public sealed record ToolResult(JsonElement Output, string? Code = null, string Read = "", Guid? ProposalId = null)
{
    /// <summary>A short honest sentence for the model, and the code for the card.</summary>
    public static ToolResult Fail(string code, string sentence) =>
        new(JsonSerializer.SerializeToElement(new { error = code, message = sentence }, ToolJson.Options), code);

    /// <summary>Named failures of services in one shape.</summary>
    public static ToolResult Fail(Failure failure) => Fail(failure.Code, failure.Kind switch
    {
        FailureKind.NotFound => "There is no such thing here, or it may not be seen.",
        FailureKind.Forbidden => "This is not allowed.",
        FailureKind.Invalid => "The request is not valid.",
        FailureKind.Conflict => "It has changed meanwhile.",
        FailureKind.TooMany => "A limit is reached.",
        FailureKind.Unavailable => "The cluster cannot be reached now.",
        FailureKind.Expired => "It is too late for that.",
        _ => "It did not work.",
    });
}

/// <summary>
/// One described, bounded operation that an assistant may call, declared once for chat and MCP. It lives with what it exposes.
/// No tool takes a URL or a host (threat T2).
/// </summary>
public abstract class Tool
{
    /// <summary>Name on the wire: lower case with underscores.</summary>
    public abstract string Name { get; }

    /// <summary>For the model: what it does and when to use it.</summary>
    public abstract string Description { get; }

    public abstract ToolEffect Effect { get; }

    /// <summary>JSON schema of the arguments; allows no others.</summary>
    public abstract JsonElement Schema { get; }

    /// <summary>Whether its output is kept with the conversation. What only a customer's opt-in lets pass is not: it would outlive the opt-in.</summary>
    public virtual bool KeepsOutput => true;

    /// <summary>Whether a model is told of it here and now.</summary>
    public virtual Task<bool> IsOfferedAsync(ToolContext context, CancellationToken ct) => Task.FromResult(true);

    /// <summary>Runs it. Arguments that do not fit the schema end in a failure, not in a guess.</summary>
    public abstract Task<ToolResult> InvokeAsync(ToolContext context, JsonElement arguments, CancellationToken ct);
}

/// <summary>A tool whose arguments are one record.</summary>
public abstract class Tool<TArguments> : Tool
    where TArguments : class
{
    /// <inheritdoc/>
    public sealed override JsonElement Schema { get; } = ToolJson.SchemaOf<TArguments>();

    /// <inheritdoc/>
    public sealed override async Task<ToolResult> InvokeAsync(ToolContext context, JsonElement arguments, CancellationToken ct)
    {
        TArguments? parsed;
        try
        {
            parsed = arguments.Deserialize<TArguments>(ToolJson.Strict);
        }
        catch (JsonException)
        {
            parsed = null;
        }

        return parsed is null
            ? ToolResult.Fail("tool.arguments", "The arguments do not fit the tool's schema.")
            : await InvokeAsync(context, parsed, ct);
    }

    /// <summary>Runs it with parsed arguments.</summary>
    protected abstract Task<ToolResult> InvokeAsync(ToolContext context, TArguments arguments, CancellationToken ct);
}
