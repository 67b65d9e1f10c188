using System.Runtime.CompilerServices;
using Anycast.Core.Assistant.Models;
using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// One call to a model as a stream: with limits for the first update and for stalls, and with at most <see cref="AssistantLimits.Tries"/>
/// tries, all of them before the first update. After it a repetition would say everything twice, so a failure is a failure.
/// </summary>
internal sealed class ModelStream(AssistantTimings timings, TimeProvider clock)
{
    /// <exception cref="AssistantException">The model failed.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> ReadAsync(ChatModel model, IReadOnlyList<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(timings.FirstToken);
            await using var updates = model.Client.GetStreamingResponseAsync(messages, options, limit.Token).GetAsyncEnumerator(limit.Token);
            var (first, failure) = await NextAsync(updates, ct);
            if (failure is not null)
            {
                if (!failure.Failure.IsTransient || attempt >= AssistantLimits.Tries || Wait(failure.Failure, attempt) is not { } wait)
                {
                    throw failure;
                }

                await Task.Delay(wait, clock, ct);
                continue;
            }

            for (var more = first; more; (more, failure) = await NextAsync(updates, ct))
            {
                limit.CancelAfter(timings.Stall);
                yield return updates.Current;
            }

            if (failure is not null)
            {
                throw failure;
            }

            yield break;
        }
    }

    private static async Task<(bool More, AssistantException? Failure)> NextAsync(IAsyncEnumerator<ChatResponseUpdate> updates, CancellationToken ct)
    {
        try
        {
            return (await updates.MoveNextAsync(), null);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return (false, e as AssistantException ?? new AssistantException(ProviderErrors.Map(e), e));
        }
    }

    /// <summary>How long to wait before the next try; null when the provider wants more than a person should silently wait.</summary>
    private TimeSpan? Wait(AssistantFailure failure, int attempt)
    {
        if (failure.RetryAfter is { } asked)
        {
            return asked <= AssistantLimits.LongestWait ? asked : null;
        }

        return timings.Retry * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2));
    }
}
