using System.Diagnostics;

namespace Anycast.Tests.Harness;

/// <summary>
/// Whether two ways take the same time, measured in turn, so that what else the machine does falls on both alike. A difference that is there
/// stays; one that the machine made goes as more is measured: so medians that are apart are measured twice as often before they count.
/// </summary>
internal static class TimeComparison
{
    /// <summary>What counts as equal (T18): within ten of a hundred.</summary>
    public const double Tolerance = 0.1;

    public static bool IsEqual(double ratio, double tolerance = Tolerance) => Math.Abs(ratio - 1) <= tolerance;

    /// <summary>The ratio of the medians, first by second, and the shortest time of all in milliseconds.</summary>
    /// <param name="pairs">Measured before the first look.</param>
    /// <param name="most">Pairs measured before a difference counts.</param>
    /// <param name="prepare">What has to be there before try number n of either way (first: true), and the try itself; only that is timed.</param>
    /// <param name="tolerance">How far the ratio of equal times may be from one.</param>
    public static async Task<(double Ratio, double Shortest)> MeasureAsync(int pairs, int most, Func<bool, int, Task<Func<Task>>> prepare, double tolerance = Tolerance)
    {
        var (first, second, number) = (new List<double>(), new List<double>(), 0);
        for (; ; pairs *= 2)
        {
            while (first.Count < pairs)
            {
                // Who begins changes: whoever does finds caches empty that have grown old meanwhile.
                foreach (var isFirst in first.Count % 2 == 0 ? new[] { true, false } : [false, true])
                {
                    var run = await prepare(isFirst, number++);
                    var began = Stopwatch.GetTimestamp();
                    await run();
                    (isFirst ? first : second).Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }

            var ratio = Median(first) / Median(second);
            if (IsEqual(ratio, tolerance) || pairs * 2 > most)
            {
                return (ratio, Math.Min(first.Min(), second.Min()));
            }
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
