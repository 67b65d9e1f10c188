using System.Net;
using Anycast.Core.Accounts.SignIn;
using Anycast.Tests.Harness;
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
}
