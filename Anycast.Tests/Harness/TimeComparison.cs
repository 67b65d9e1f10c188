using System.Diagnostics;

namespace Anycast.Tests.Harness;

/// <summary>
/// Whether two ways take the same time, measured in turn, so that what else the machine does falls on both alike. A difference that
/// is there shows in every round; one that the machine made is gone in the next: so it is looked at up to three times before it counts.
/// </summary>
internal static class TimeComparison
{
    private const int Rounds = 3;

    /// <summary>Within ten of a hundred (T18).</summary>
    public static bool IsEqual(double ratio) => ratio is >= 0.9 and <= 1.1;

    /// <summary>The ratio of the medians, first by second, and the second's median in milliseconds.</summary>
    /// <param name="pairs">In each round.</param>
    /// <param name="prepare">What has to be there before try number n of either way (first: true), and the try itself; only that is timed.</param>
    public static async Task<(double Ratio, double Second)> MeasureAsync(int pairs, Func<bool, int, Task<Func<Task>>> prepare)
    {
        var number = 0;
        for (var round = 1; ; round++)
        {
            var (first, second) = (new List<double>(), new List<double>());
            for (var pair = 0; pair < pairs; pair++)
            {
                // Who begins changes: whoever does finds caches empty that have grown old meanwhile.
                foreach (var isFirst in pair % 2 == 0 ? new[] { true, false } : [false, true])
                {
                    var run = await prepare(isFirst, number++);
                    var began = Stopwatch.GetTimestamp();
                    await run();
                    (isFirst ? first : second).Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }

            var ratio = Median(first) / Median(second);
            if (IsEqual(ratio) || round == Rounds)
            {
                return (ratio, Median(second));
            }
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
