using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Anycast.Tests.Shell;

/// <summary>Headers and cookies of the host's answers.</summary>
public sealed class ResponseHeaderTests(ResponseHeaderTests.FreshApp fresh) : IClassFixture<ResponseHeaderTests.FreshApp>
{
    private readonly HttpClient _client = fresh.Client;

    [Theory]
    [InlineData("/setup", 200)]
    [InlineData("/account/forgot", 200)]
    [InlineData("/no-such-page", 404)]
    [InlineData("/t/anything", 302)]
    [InlineData("/css/tokens.css", 200)]
    public async Task Answers_OfEveryKind_CarryTheSecurityHeaders(string path, int status)
    {
        using var answer = await _client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Matches(
            "^default-src 'none'; script-src 'self' 'nonce-[A-Za-z0-9+/]{22}=='; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'$",
            Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("camera=()", Assert.Single(answer.Headers.GetValues("Permissions-Policy")));
        Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
    }

    [Theory]
    [InlineData("/no-such-page")]
    [InlineData("/account/denied")]
    [InlineData("/account/out-of-date")]
    [InlineData("/error")]
    public async Task Pages_OfAMessage_ShowTheirDrawing(string path)
    {
        using var answer = await _client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Matches("<svg class=\"art\"[^>]*>\\s*<(path|circle|rect)", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nonce_OfEachAnswer_IsNewAndPlainPagesHoldNoInlineScript()
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            using var answer = await _client.GetAsync("/setup", TestContext.Current.CancellationToken);
            var nonce = Regex.Match(answer.Headers.GetValues("Content-Security-Policy").Single(), "nonce-([^']+)'").Groups[1].Value;
            Assert.True(seen.Add(nonce));
            var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Matches("<script[^>]*\\bsrc=", html);
            Assert.DoesNotMatch("<script(?![^>]*\\bsrc=)", html); // interactive pages hold one, the import map: the browser's tests see that it runs
            Assert.DoesNotMatch("\\son[a-z]+=\"", html);
        }
    }

    [Theory]
    [InlineData("de-AT,de;q=0.9", null, "de")]
    [InlineData("fr", null, "en")]
    [InlineData("de", "anycast.lang=en", "en")]
    [InlineData("en", "anycast.lang=xx", "en")]
    public async Task Language_OfAPage_FollowsTheChoiceThenTheBrowser(string accepts, string? cookie, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/setup");
        request.Headers.TryAddWithoutValidation("Accept-Language", accepts);
        if (cookie is not null)
        {
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
        }

        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains($"<html lang=\"{expected}\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.DoesNotContain(answer.Headers.TryGetValues("Set-Cookie", out var set) ? set : [], c => c.StartsWith("anycast.lang", StringComparison.Ordinal) || c.StartsWith("anycast.scheme", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/setup", "/setup")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    public async Task LanguageChoice_WithAReturnAddress_StaysOnThisSite(string wanted, string expected)
    {
        using var answer = await _client.GetAsync(AppUrls.Language("de", wanted), TestContext.Current.CancellationToken);
        Assert.Equal(302, (int)answer.StatusCode);
        Assert.Equal(expected, answer.Headers.Location!.OriginalString);
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("anycast.lang=de;", StringComparison.Ordinal) && c.Contains("httponly", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("dark", " data-scheme=\"dark\"")]
    [InlineData("light", " data-scheme=\"light\"")]
    [InlineData("\"><script>", "")]
    public async Task Scheme_OnceChosen_IsInTheFirstBytesOfThePage(string cookie, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/setup");
        request.Headers.TryAddWithoutValidation("Cookie", "anycast.scheme=" + cookie);
        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains($"<html lang=\"en\"{expected}>", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>One host for all of these, on a database without users.</summary>
    public sealed class FreshApp : IDisposable
    {
        private readonly InProcessApp _app = new();

        public FreshApp() => Client = _app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false });

        public HttpClient Client { get; }

        public void Dispose()
        {
            Client.Dispose();
            _app.Dispose();
        }
    }
}
