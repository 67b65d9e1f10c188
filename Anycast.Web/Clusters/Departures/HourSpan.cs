using System.Globalization;

namespace Anycast.Web.Clusters.Departures;

/// <summary>Words for the hour that an entry of a watch stands for: its start alone would name a time at which nothing need have been.</summary>
public static class HourSpan
{
    /// <summary>"21:00–22:00 UTC", with the day before it where it is not today's.</summary>
    public static string Of(DateTimeOffset hour, DateTimeOffset now, TimeZoneInfo zone)
    {
        var from = TimeZoneInfo.ConvertTime(hour, zone);
        var to = TimeZoneInfo.ConvertTime(hour + TimeSpan.FromHours(1), zone);
        var day = from.Date == TimeZoneInfo.ConvertTime(now, zone).Date ? "" : from.ToString("d", CultureInfo.CurrentCulture) + ", ";
        var place = from.Offset == TimeSpan.Zero ? " UTC" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{day}{from:HH:mm}–{to:HH:mm}{place}");
    }
}
