using System.Net;
using Anycast.Core.Accounts.SignIn;
using Anycast.Tests.Harness;
using Anycast.Tests.Harness.Circuits;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Hosting;

/// <summary>Who calls is who connects: what a caller writes into headers counts only when a listed proxy sent it (T19).</summary>
public sealed class ForwardedTests
{
    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Original-For")]
    [InlineData("X-Real-IP")]
    [InlineData("Forwarded")]
    [PolicyClause("S06", "D05")]
    public async Task Limits_OfACallerWhoWritesAddressesIntoHeaders_CountOneCaller(string header)
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(Journeys.DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" });
        var last = HttpStatusCode.OK;
        for (var i = 0; i < 130; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
            request.Headers.Add("Authorization", "Bearer anycast_wrong");
            request.Headers.Add(header, header == "Forwarded" ? $"for=198.51.{i}.7" : $"198.51.{i}.7");
            using var answer = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
            last = answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, last); // a hundred wrong tokens of one network
    }

    [Fact]
    public Task Headers_Spoofed_CountOneCaller() => SpoofAsync(300);

    [Fact]
    [Trait("Category", "Long")]
    public Task Headers_TenThousandSpoofed_CountOneCaller() => SpoofAsync(10_000, "10,000 requests of one caller, each with another address in its headers");

    [Fact]
    [PolicyClause("S06")]
    public async Task Limits_WhoseStoreIsGone_LetNobodyThrough()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var user = await host.UserAsync();
        await using (var db = await host.OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("DROP TABLE \"RateBuckets\"");
        }

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => host.Get<SignInService>().PasswordAsync(user.Email!, CoreHost.Password, "192.0.2.1", null, default));
    }

    private static async Task SpoofAsync(int requests, string? figure = null)
    {
        await using var site = await CircuitSite.StartAsync();
        var through = 0;
        foreach (var part in Enumerable.Range(0, requests).Chunk(20))
        {
            through += (await Task.WhenAll(part.Select(AskAsync))).Count(s => s != HttpStatusCode.TooManyRequests);
        }

        await using var db = await site.OpenAsync();
        var buckets = await db.RateBuckets.CountAsync();
        if (figure is not null)
        {
            FaultFigures.Record(figure, ("buckets they were counted in", buckets, "", 1), ("requests that passed the limit of 100", through, "", 120));
        }

        Assert.Equal(1, buckets);
        Assert.InRange(through, 80, 120); // Those under way at the same instant are counted together.

        async Task<HttpStatusCode> AskAsync(int i)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(site.Address, "/api/v1/me"));
            request.Headers.Add("Authorization", "Bearer anycast_wrong");
            var (v4, v6) = ($"{11 + (i % 200)}.{i / 200 % 250}.{i % 250}.7", $"2001:db8:{i:x}::7");
            request.Headers.Add("X-Forwarded-For", i % 2 == 0 ? v4 : v6);
            request.Headers.Add("X-Real-IP", v4);
            request.Headers.Add("Forwarded", $"for=\"[{v6}]\"");
            using var answer = await site.Client.SendAsync(request);
            return answer.StatusCode;
        }
    }
}
