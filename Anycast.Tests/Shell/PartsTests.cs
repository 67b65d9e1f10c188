using Anycast.Core.Common;
using Anycast.Tunnel.Rows;
using Anycast.Web.Shell.Parts;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Shell;

public sealed class PartsTests
{
    [Theory]
    [InlineData(Health.Healthy, "ok", "Healthy", "Gesund")]
    [InlineData(Health.Progressing, "info", "In progress", "Im Gange")]
    [InlineData(Health.Warning, "warn", "Warning", "Warnung")]
    [InlineData(Health.Failing, "bad", "Failing", "Fehlerhaft")]
    [InlineData(Health.Unknown, "", "Unknown", "Unbekannt")]
    public void StatusChip_OfEveryHealth_SaysItInColourIconAndWord(Health health, string tone, string english, string german)
    {
        foreach (var (language, word) in new[] { ("en", english), ("de", german) })
        {
            using var context = new PartContext(language);
            var chip = context.Render<StatusChip>(p => p.Add(x => x.Health, health));
            Assert.Equal(word, chip.Find(".chip").TextContent.Trim());
            Assert.Equal(tone, chip.Find(".chip").ClassList.FirstOrDefault(c => c != "chip") ?? "");
            Assert.Equal("#i-" + StatusChip.ShapeOf(health), chip.Find("use").GetAttribute("href"));
        }
    }

    [Fact]
    public void StatusChip_Shapes_DifferForEveryHealth() =>
        Assert.Equal(Enum.GetValues<Health>().Length, Enum.GetValues<Health>().Select(StatusChip.ShapeOf).Distinct().Count());

    [Fact]
    public void RelativeTime_AsTimePasses_FollowsTheClock()
    {
        using var context = new PartContext();
        var time = context.Render<RelativeTime>(p => p.Add(x => x.At, context.Clock.GetUtcNow().AddSeconds(-3)));
        Assert.Equal("just now", time.Find("time").TextContent);
        Assert.Equal("2026-03-04 11:59:57 UTC", time.Find("time").GetAttribute("title"));

        context.Clock.Advance(TimeSpan.FromMinutes(4));
        time.WaitForAssertion(() => Assert.Equal("4 min ago", time.Find("time").TextContent));
    }

    [Theory]
    [InlineData("en", 30, "30 s ago")]
    [InlineData("en", 59 * 60, "59 min ago")]
    [InlineData("en", 26 * 3600, "26 h ago")]
    [InlineData("en", 5 * 86400, "5 d ago")]
    [InlineData("en", -300, "in 5 min")]
    [InlineData("de", 5 * 86400, "vor 5 T.")]
    [InlineData("en", -(30 * 86400 - 2), "in 30 d")]
    [InlineData("en", 30 * 86400 - 2, "29 d ago")]
    [InlineData("de", -(3 * 3600 - 5), "in 3 Std.")]
    [InlineData("de", 90 * 86400, "2025-12-04")]
    public void RelativeText_OfADistance_IsShortAndRight(string language, int secondsAgo, string expected)
    {
        using var context = new PartContext(language);
        var now = context.Clock.GetUtcNow();
        Assert.Equal(expected, RelativeText.Of(now.AddSeconds(-secondsAgo), now, PartContext.Texts<Anycast.Web.Shell.ShellText>()));
    }

    [Fact]
    public void ErrorAlert_OfAnException_ShowsAnIdAndNeverItsWords()
    {
        using var context = new PartContext();
        var retried = 0;
        var alert = context.Render<ErrorAlert>(p => p.Add(x => x.Error, new InvalidOperationException("password=hunter2")).Add(x => x.Retry, () => retried++));
        Assert.DoesNotContain("hunter2", alert.Markup);
        Assert.Matches("^[0-9a-f]{32}$", alert.Find("code").TextContent);
        alert.Find("button.btn").Click();
        Assert.Equal(1, retried);
    }

    [Fact]
    public void FilterChips_WhenOneIsTakenAway_LeaveTheRestInTheUrl()
    {
        using var context = new PartContext();
        var navigation = context.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/list?ns=shop&q=pay&page=3");
        var chips = context.Render<FilterChips>(p => p.Add(x => x.Filters, [new FilterChip("ns", "Namespace", "shop"), new FilterChip("q", "Text", "pay"), new FilterChip("kind", "Kind", null)]));
        Assert.Equal(2, chips.FindAll(".filter").Count);
        chips.Find(".filter button").Click();
        Assert.EndsWith("/list?q=pay", navigation.Uri);
    }

    [Fact]
    public void ObjectLink_OfHostileNames_StaysOneSegmentAndText()
    {
        using var context = new PartContext();
        var link = context.Render<ObjectLink>(p => p.Add(x => x.Team, "t").Add(x => x.Cluster, "c").Add(x => x.Kind, "Pod").Add(x => x.Namespace, "a/../b").Add(x => x.Name, "\"><script>alert(1)</script>"));
        Assert.Equal("/t/t/c/c/o/core/Pod/a%2F..%2Fb/%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E", link.Find("a").GetAttribute("href"));
        Assert.Empty(link.FindAll("script"));
    }

    [Fact]
    public void FailureTexts_WithAWait_SayWhenToTryAgain()
    {
        using var context = new PartContext("de");
        var texts = new FailureTexts(PartContext.Texts<FailureText>());
        Assert.EndsWith("Versuchen Sie es in 5 Minuten erneut.", texts.Of(new Failure(FailureKind.TooMany, "no.such.code") { RetryAfter = TimeSpan.FromMinutes(5) }));
        Assert.Contains("12", texts.Of(new Failure(FailureKind.Invalid, "accounts.password_short", 12)));
    }
}
