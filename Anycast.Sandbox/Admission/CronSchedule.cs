using System.Globalization;

namespace Anycast.Sandbox.Admission;

/// <summary>A five-field cron schedule in UTC, with lists, ranges, steps and the usual <c>@</c> names.</summary>
internal sealed class CronSchedule
{
    private readonly bool[][] _fields;

    private CronSchedule(bool[][] fields)
    {
        _fields = fields;
    }

    public static CronSchedule? TryParse(string text)
    {
        text = text.Trim() switch
        {
            "@hourly" => "0 * * * *",
            "@daily" or "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" or "@annually" => "0 0 1 1 *",
            var other => other,
        };
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (int Low, int High)[] ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
        if (parts.Length != 5)
        {
            return null;
        }

        var fields = new bool[5][];
        for (var i = 0; i < 5; i++)
        {
            if (Field(parts[i], ranges[i].Low, ranges[i].High) is not { } field)
            {
                return null;
            }

            fields[i] = field;
        }

        return new CronSchedule(fields);
    }

    /// <summary>The first time after <paramref name="after"/>; null when there is none within four years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var at = new DateTimeOffset(after.Year, after.Month, after.Day, after.Hour, after.Minute, 0, TimeSpan.Zero).AddMinutes(1);
        var end = at.AddYears(4);
        while (at < end)
        {
            if (!_fields[3][at.Month] || !_fields[2][at.Day] || !_fields[4][(int)at.DayOfWeek])
            {
                at = at.Date.AddDays(1) is var day ? new DateTimeOffset(day, TimeSpan.Zero) : at;
            }
            else if (!_fields[1][at.Hour])
            {
                at = at.AddMinutes(60 - at.Minute);
            }
            else if (!_fields[0][at.Minute])
            {
                at = at.AddMinutes(1);
            }
            else
            {
                return at;
            }
        }

        return null;
    }

    private static bool[]? Field(string text, int low, int high)
    {
        var set = new bool[high + 1];
        foreach (var part in text.Split(','))
        {
            var (range, step) = part.Split('/') switch
            {
                [var all] => (all, 1),
                [var all, var every] when Number(every) is { } n and > 0 => (all, n),
                _ => ("", 0),
            };
            var (from, to) = range switch
            {
                "*" or "?" => (low, high),
                _ when range.Split('-') is [var a, var b] && Number(a) is { } first && Number(b) is { } last => (first, last),
                _ when Number(range) is { } only => (only, part.Contains('/', StringComparison.Ordinal) ? high : only),
                _ => (-1, -1),
            };
            if (step == 0 || from < low || to > (high == 6 ? 7 : high) || from > to)
            {
                return null;
            }

            for (var i = from; i <= to; i += step)
            {
                set[high == 6 && i == 7 ? 0 : i] = true;
            }
        }

        return set;
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
