using System.ClientModel;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Anthropic.Exceptions;

namespace Anycast.Core.Assistant.Models;

/// <summary>From what the client libraries throw to the closed set of <see cref="AssistantFailure"/>. Messages of providers are neither kept nor shown.</summary>
internal static class ProviderErrors
{
    public static AssistantFailure Map(Exception exception) => exception switch
    {
        AssistantException own => own.Failure,
        ClientResultException { Status: 0 } openAi => openAi.InnerException is { } inner ? Map(inner) : new(AssistantFailureKind.Unavailable),
        ClientResultException openAi => OfStatus((HttpStatusCode)openAi.Status, null),
        AnthropicApiException anthropic => OfStatus(anthropic.StatusCode, null),
        AnthropicSseException => new(AssistantFailureKind.Unavailable),
        AnthropicInvalidDataException => new(AssistantFailureKind.Malformed),
        AnthropicIOException => new(AssistantFailureKind.Unavailable),
        AggregateException { InnerException: { } first } => Map(first),
        HttpRequestException { StatusCode: { } status } => OfStatus(status, null),
        TimeoutException or OperationCanceledException => new(AssistantFailureKind.Timeout),
        JsonException or FormatException or InvalidOperationException or ArgumentException => new(AssistantFailureKind.Malformed),
        HttpRequestException or IOException or SocketException => new(AssistantFailureKind.Unavailable),
        { InnerException: { } inner } => Map(inner),
        _ => new(AssistantFailureKind.Malformed),
    };

    internal static AssistantFailure OfStatus(HttpStatusCode status, TimeSpan? retryAfter) => (int)status switch
    {
        429 => new(AssistantFailureKind.RateLimited, retryAfter),
        401 or 403 => new(AssistantFailureKind.Unauthorized),
        408 or 504 => new(AssistantFailureKind.Timeout),
        >= 500 => new(AssistantFailureKind.Unavailable, retryAfter),
        >= 400 => new(AssistantFailureKind.Refused),
        // A redirect is not followed: what answers at this address is not the provider's API.
        _ => new(AssistantFailureKind.Malformed),
    };

    /// <summary>Seconds or a date (RFC 9110 §10.2.3); null for anything else, at most an hour.</summary>
    internal static TimeSpan? ParseRetryAfter(string? text, DateTimeOffset now)
    {
        TimeSpan? wait = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e6
            ? TimeSpan.FromSeconds(seconds)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? at - now
                : null;
        return wait is { } w ? TimeSpan.FromTicks(Math.Clamp(w.Ticks, 0, TimeSpan.TicksPerHour)) : null;
    }
}
