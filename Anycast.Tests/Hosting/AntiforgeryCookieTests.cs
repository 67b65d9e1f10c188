using System.Net;
using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Anycast.Tests.Journeys;

namespace Anycast.Tests.Hosting;

/// <summary>The antiforgery cookie is set where a form needs it and nowhere else (C01), over a real connection.</summary>
public sealed partial class AntiforgeryCookieTests
{
    private const string Cookie = "__Host-anycast.antiforgery";

    [Fact]
    [PolicyClause("C01")]
    public async Task Cookie_IsSetByPagesWithAForm_AndByNoOther_AndTheirFormsWork()
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" });
        foreach (var path in new[] { "/", "/terms", "/not-found", "/no-such-page", "/account/undo-address", "/account/confirm-address", "/account/denied", "/account/out-of-date" })
        {
            using var page = await app.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.DoesNotContain("__RequestVerificationToken", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.False(page.Headers.TryGetValues("Set-Cookie", out var set), $"{path} sets {string.Join(" and ", set ?? [])}");
        }

        // As long as a cookie is needed, it comes with the form, and what the form sends is accepted.
        foreach (var path in new[] { "/account/login", "/account/register", "/account/forgot", "/account/confirm", "/account/undo-address?token=x" })
        {
            using var page = await app.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.StartsWith(Cookie, Assert.Single(page.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        }

        using var signIn = await SendAsync(app, new() { ["_handler"] = "login", ["Input.Email"] = "somebody@example.org", ["Input.Password"] = "not the right one" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, signIn.StatusCode);
    }

    [Fact]
    [PolicyClause("C01")]
    public async Task Cookie_OfAnInteractivePage_IsThereForItsForms()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada");
        using var client = app.CreateClient(new() { AllowAutoRedirect = false, HandleCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me/profile");
        request.Headers.Add("Cookie", await app.Services.SessionCookieAsync(ada));
        using var page = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains(page.Headers.GetValues("Set-Cookie"), c => c.StartsWith(Cookie, StringComparison.Ordinal));
    }

    private static async Task<HttpResponseMessage> SendAsync(AppProcess app, Dictionary<string, string> fields)
    {
        using var page = await app.Client.GetAsync("/account/login", TestContext.Current.CancellationToken);
        fields["__RequestVerificationToken"] = WebUtility.HtmlDecode(TokenPattern().Match(await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Groups[1].Value);
        using var form = new HttpRequestMessage(HttpMethod.Post, "/account/login") { Content = new FormUrlEncodedContent(fields) };
        form.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        return await app.Client.SendAsync(form, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
