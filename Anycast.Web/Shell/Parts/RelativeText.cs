using System.Globalization;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Shell.Parts;

/// <summary>Words for the distance between an instant and now, in the language of the page.</summary>
public static class RelativeText
{
    /// <summary>Beyond this, a date says more.</summary>
    private static readonly TimeSpan s_dateAfter = TimeSpan.FromDays(60);

    /// <summary>"4 min ago", "in 2 h", or a date when it is far.</summary>
    public static string Of(DateTimeOffset at, DateTimeOffset now, IStringLocalizer<ShellText> text, TimeZoneInfo? zone = null)
    {
        var distance = now - at;
        var future = distance < TimeSpan.Zero;
        var span = distance.Duration();

        // What happened is as old as its full units; what comes is as far as the nearest one: a token for 30 days does not end in 29.
        int Whole(double units) => (int)(future ? Math.Round(units) : units);
        return span switch
        {
            _ when span < TimeSpan.FromSeconds(10) => text["Time.Now"],
            _ when span < TimeSpan.FromMinutes(1) => text[future ? "Time.InSeconds" : "Time.Seconds", (int)span.TotalSeconds / 10 * 10],
            _ when span < TimeSpan.FromHours(1) => text[future ? "Time.InMinutes" : "Time.Minutes", Whole(span.TotalMinutes)],
            _ when span < TimeSpan.FromDays(2) => text[future ? "Time.InHours" : "Time.Hours", Whole(span.TotalHours)],
            _ when span < s_dateAfter => text[future ? "Time.InDays" : "Time.Days", Whole(span.TotalDays)],
            _ => TimeZoneInfo.ConvertTime(at, zone ?? TimeZoneInfo.Utc).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>The exact instant in the account's zone with its distance from UTC; the browser writes it in the page's language on hover.</summary>
    public static string Exact(DateTimeOffset at, TimeZoneInfo? zone = null)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone ?? TimeZoneInfo.Utc);
        var text = local.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";
        return local.Offset == TimeSpan.Zero ? text : text + local.ToString("zzz", CultureInfo.InvariantCulture);
    }
}
