using System.Diagnostics;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Accounts;

/// <summary>
/// Gives answers that depend on whether an account exists the same time: none comes before <see cref="AccountsOptions.AnswerFloor"/>, which is well
/// above what the work takes (T18).
/// </summary>
public sealed class EqualTime(IOptions<AccountsOptions> options)
{
    /// <summary>Runs the work; the answer comes no sooner than so many floors.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work, int floors = 1)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            return await work();
        }
        finally
        {
            // Again until it is so: timers count by a coarser clock and may end some milliseconds early.
            for (TimeSpan rest; (rest = (options.Value.AnswerFloor * floors) - Stopwatch.GetElapsedTime(began)) > TimeSpan.Zero;)
            {
                await Task.Delay(rest.TotalMilliseconds < 1 ? TimeSpan.FromMilliseconds(1) : rest, CancellationToken.None);
            }
        }
    }
}
