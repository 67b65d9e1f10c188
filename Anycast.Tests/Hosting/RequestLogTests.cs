using System.Net;
using System.Text.Json;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Hosting;

/// <summary>The log knows from which network a request came, not from whom (D24).</summary>
public sealed class RequestLogTests
{
    [Theory]
    [InlineData("203.0.113.77", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.77", "203.0.113.0/24")]
    [InlineData("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::/48")]
    [PolicyClause("D24")]
    public void Network_OfAnAddress_NamesNoHousehold(string address, string expected) => Assert.Equal(expected, RequestLog.Network(IPAddress.Parse(address)));

    [Fact]
    [PolicyClause("D24")]
    public async Task Log_AsJson_IsOneObjectALineThatNoRequestBreaksOutOf()
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(Journeys.DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false", ["Logging:Console:FormatterName"] = "json" });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/no/%0d%0aFORGED%1b[31m/page?x=%0d%0aFORGED");
        request.Headers.TryAddWithoutValidation("User-Agent", "FORGED");
        (await app.Client.SendAsync(request, TestContext.Current.CancellationToken)).Dispose();
        await Eventually.TrueAsync(() => app.Log.Contains("(no route) 404", StringComparison.Ordinal), "the request is in the log");
        var lines = app.Log.Split('\n').Where(l => l.StartsWith('{')).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Contains(lines, l => l.GetProperty("Category").GetString() == "Anycast.Requests" && l.GetProperty("State").GetProperty("Status").GetInt32() == 404);
        Assert.DoesNotContain("FORGED", app.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_AndLimitsThatWereReached_AreLoggedWithoutNames()
    {
        using var lines = new LogLines();
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, (services, _) => services.AddLogging(l => l.SetMinimumLevel(LogLevel.Information).AddProvider(lines)));
        var (owner, stranger) = (await host.ActorAsync(), await host.ActorAsync());
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Canary Team", default)).Value!;
        Assert.False((await host.Get<TeamService>().RenameAsync(stranger, team.Slug, "Mine", default)).IsOk);
        var limit = new RateLimit("canary-limit", 2, TimeSpan.FromMinutes(1));
        for (var i = 0; i < 9; i++)
        {
            await host.Get<RateLimiter>().TakeAsync(limit, stranger.Email, default);
        }

        var log = lines.ToString();
        Assert.Contains($"Refused: {stranger.UserId} (User) may not team.manage: not_found", log, StringComparison.Ordinal);
        Assert.Equal(2, log.Split("The limit canary-limit was reached.").Length);
        Assert.DoesNotContain(stranger.Email, log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Canary", log, StringComparison.Ordinal);
    }
}
