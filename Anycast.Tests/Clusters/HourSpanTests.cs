using System.Globalization;
using Anycast.Web.Clusters.Departures;

namespace Anycast.Tests.Clusters;

/// <summary>The hour that an entry of a watch stands for, in the zone of who looks.</summary>
public sealed class HourSpanTests
{
    private static readonly DateTimeOffset s_hour = new(2026, 11, 26, 21, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(30, "UTC", "21:00–22:00 UTC")]
    [InlineData(30, "Europe/Berlin", "22:00–23:00")]
    [InlineData(30, "Asia/Kolkata", "02:30–03:30")]
    [InlineData(60 * 24, "UTC", "26.11.2026, 21:00–22:00 UTC")]
    [InlineData(60 * 3, "Europe/Berlin", "26.11.2026, 22:00–23:00")]
    public void Of_AnHour_IsItsSpanWithTheDayWhereItIsAnother(int minutesLater, string zone, string expected)
    {
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        Assert.Equal(expected, HourSpan.Of(s_hour, s_hour.AddMinutes(minutesLater), TimeZoneInfo.FindSystemTimeZoneById(zone)));
    }
}
