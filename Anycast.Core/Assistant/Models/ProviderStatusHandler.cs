using System.Globalization;

namespace Anycast.Core.Assistant.Models;

/// <summary>
/// Names a provider's refusal while its headers are still there: Anthropic's client throws them away, and with them when the provider wants to be
/// asked again. A redirect is a refusal too: it is not followed.
/// </summary>
internal sealed class ProviderStatusHandler(HttpMessageHandler inner, TimeProvider clock) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var wait = response.Headers.RetryAfter is { } asked
                ? ProviderErrors.ParseRetryAfter(asked.Delta is { } delta ? delta.TotalSeconds.ToString(CultureInfo.InvariantCulture) : asked.Date?.ToString("R", CultureInfo.InvariantCulture), clock.GetUtcNow())
                : null;
            throw new AssistantException(ProviderErrors.OfStatus(response.StatusCode, wait));
        }
    }
}
