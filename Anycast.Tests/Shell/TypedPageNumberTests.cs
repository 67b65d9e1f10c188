using System.Net;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Shell;

/// <summary>Anybody can type anything into an address: it is a page of the list, never an error and never an empty table.</summary>
public sealed class TypedPageNumberTests
{
    [Theory]
    [InlineData(null, 1)]
    [InlineData("", 1)]
    [InlineData("7", 7)]
    [InlineData("abc", 1)]
    [InlineData("-3", 1)]
    [InlineData("1.5", 1)]
    [InlineData("99999999999999", int.MaxValue)]
    public void Of_WhatIsTyped_IsAPage(string? typed, int number) => Assert.Equal(number, PageNumber.Of(typed));

    [Fact]
    public void Request_OfAHugePage_SkipsNoNegativeNumberAndEndsAtTheLastPage()
    {
        var huge = new PageRequest(int.MaxValue, PageRequest.MaxSize);
        Assert.True(huge.Skip > 1_000_000_000);
        Assert.Equal(3, huge.Within(401).Number);
        Assert.Equal(1, huge.Within(0).Number);
        Assert.Equal(new PageRequest(2, 50), new PageRequest(2, 50).Within(51));
    }

    [Fact]
    public async Task Pages_WithAnyPageTyped_ShowRows()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada", Core.Common.PlatformRoles.User | Core.Common.PlatformRoles.Operator);
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(ada, "Shop", default)).Value!;
        var log = app.Services.GetRequiredService<ActivityLog>();
        for (var i = 0; i < 60; i++)
        {
            await log.RecordAsync(ada, new ActivityEvent("teams.rename", "team", team.Id.ToString(), $"Shop {i:00}", team.Id), default);
        }

        foreach (var path in new[] { AppUrls.OwnActivity, AppUrls.Activity(team.Slug), AppUrls.Members(team.Slug), AppUrls.Notifications, AppUrls.OperatorUsers, AppUrls.OperatorTeams, AppUrls.Proposals(team.Slug) })
        {
            foreach (var typed in new[] { "page=abc", "page=999999", "page=2147483647", "waiting=perhaps&page=-1" })
            {
                var (status, html) = await app.OpenAsync(ada, $"{path}?{typed}");
                Assert.Equal((path, HttpStatusCode.OK), (path, status));
                Assert.DoesNotContain("could not be shown", html, StringComparison.Ordinal);
            }
        }

        // The last page, with its rows and the way back; the first where nothing was a number.
        foreach (var path in new[] { AppUrls.OwnActivity, AppUrls.Activity(team.Slug) })
        {
            var (_, last) = await app.OpenAsync(ada, $"{path}?page=999999");
            Assert.Contains("Shop 00", last, StringComparison.Ordinal);
            Assert.Contains("Page 2 of 2", last, StringComparison.Ordinal);
            Assert.Contains("Shop 59", (await app.OpenAsync(ada, $"{path}?page=abc")).Html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task CodePage_AskedForAnotherCode_IsShown()
    {
        await using var app = new InProcessApp(new Dictionary<string, string?> { ["Anycast:Setup:OperatorEmail"] = "op@example.org", ["Anycast:Setup:OperatorPassword"] = CoreHost.Password });
        using var client = app.CreateClient();
        using var answer = await client.GetAsync(AppUrls.Pin + "?again=1", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("Input.Email", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
