using System.Net;
using System.Text.RegularExpressions;
using Anycast.Core.Common.RateLimits;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Accounts;

/// <summary>A reached limit is a status, a header, and a sentence on the page (S06).</summary>
public sealed partial class RateLimitPageTests
{
    [Fact]
    public async Task SignIn_BeyondTheLimit_Answers429WithRetryAfterAndASentence()
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(Journeys.DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" });
        var client = app.Client;
        for (var i = 0; i < RateLimitTable.SignIn.Tries; i++)
        {
            using var wrong = await TryAsync(client);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
            Assert.False(wrong.Headers.Contains("Retry-After"));
        }

        using var refused = await TryAsync(client);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(15));
        var html = await refused.Content.ReadAsStringAsync();
        Assert.Contains("role=\"alert\"", html, StringComparison.Ordinal);
        Assert.Matches("1[45]", AlertPattern().Match(html).Groups[1].Value);
        Assert.Contains("somebody@example.org", html, StringComparison.Ordinal); // what was typed stays typed
    }

    [Fact]
    public async Task Pins_BeyondTheLimit_Answer429WithRetryAfterAndASentence()
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(Journeys.DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" });
        var browser = new CookieBrowser(app.Client, app.Address);
        for (var i = 0; i < RateLimitTable.PinMails.Tries; i++)
        {
            Assert.Equal(HttpStatusCode.Redirect, (await browser.SubmitAsync("/account/login/code?again=1", "pin-send", ("Input.Email", "somebody@example.org"))).Status);
        }

        var refused = await browser.SubmitAsync("/account/login/code?again=1", "pin-send", ("Input.Email", "somebody@example.org"));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMinutes(58), TimeSpan.FromHours(1));
        Assert.Matches("(59|60)", AlertPattern().Match(refused.Html).Groups[1].Value);
    }

    [Fact]
    public async Task Passkeys_BeyondTheLimit_Answer429WithRetryAfterAndASentence()
    {
        using var app = new InProcessApp();
        using var client = app.CreateClient();
        for (var i = 0; i <= RateLimitTable.Passkeys.Tries; i++)
        {
            using var answer = await client.PostAsync("/account/login/passkey/options", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            if (i < RateLimitTable.Passkeys.Tries)
            {
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                continue;
            }

            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(15));
            Assert.Contains("message", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Enrolments_BeyondTheLimit_Answer429WithRetryAfter()
    {
        using var app = new InProcessApp(new Dictionary<string, string?> { ["Anycast:Agent:Image"] = "registry.example.org/anycast/agent@sha256:" + new string('a', 64) });
        using var client = app.CreateClient();
        for (var i = 0; i <= RateLimitTable.Enrolment.Tries; i++)
        {
            using var answer = await client.GetAsync("/agent/install/no-such-token", TestContext.Current.CancellationToken);
            Assert.Equal(i < RateLimitTable.Enrolment.Tries ? HttpStatusCode.NotFound : HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal(i == RateLimitTable.Enrolment.Tries, answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }
    }

    private static async Task<HttpResponseMessage> TryAsync(HttpClient client)
    {
        using var page = await client.GetAsync("/account/login");
        using var form = new HttpRequestMessage(HttpMethod.Post, "/account/login")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["__RequestVerificationToken"] = WebUtility.HtmlDecode(TokenPattern().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value),
                ["_handler"] = "login",
                ["Input.Email"] = "somebody@example.org",
                ["Input.Password"] = "not the right one",
            }),
        };

        // By hand: .NET's own cookie jar knows no secure cookie on http://localhost, as browsers do.
        form.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        return await client.SendAsync(form);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();

    [GeneratedRegex("role=\"alert\">(.*?)</div>", RegexOptions.Singleline)]
    private static partial Regex AlertPattern();
}
