using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Anycast.Tests.Journeys;

namespace Anycast.Tests.Hosting;

/// <summary>The built product in production, asked over a real TLS connection and in clear, under the name it has in public (S01, D24).</summary>
public sealed partial class TransportTests
{
    private const string Host = "anycast.example.org";

    [Fact]
    [PolicyClause("S01", "D24")]
    public async Task Traffic_InProduction_IsHttpsWithSecureCookiesAndLeavesNoContentInTheLog()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue(Host);
        await using var app = await AppProcess.StartAsync(
            new Dictionary<string, string?>(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false", ["Anycast:PublicUrl"] = $"https://{Host}", ["AllowedHosts"] = $"{Host};localhost" }, certificate: certificate);
        using var client = Client(app, authority);

        await AssertRedirectsAsync(client, $"https://{Host}");
        await AssertSecureAsync(client);
        await AssertApiRefusesPlainHttpAsync(client);
        await AssertForeignCircuitAsync(client);
        using (var foreign = await client.GetAsync("http://evil.example/account/login", TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
        }

        await AssertLogAsync(app, client);
    }

    [Fact]
    [PolicyClause("S01")]
    public async Task PlainHttp_WithoutAPublicAddress_IsRedirectedToTheOwnHttpsPort()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue(Host);
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" }, certificate: certificate);
        using var client = Client(app, authority);
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await client.GetAsync($"http://{Host}/account/login", TestContext.Current.CancellationToken);
                Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode); // not even while the other port is still being opened
                return answer.StatusCode != HttpStatusCode.ServiceUnavailable;
            },
            "both ports are open");
        await AssertRedirectsAsync(client, $"https://{Host}:{app.SecurePort}");
    }

    private static async Task AssertRedirectsAsync(HttpClient client, string to)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            using var request = new HttpRequestMessage(method, $"http://{Host}/account/login?return=%2Fme%2Fprofile");
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode); // 308 keeps the method
            Assert.Equal($"{to}/account/login?return=%2Fme%2Fprofile", answer.Headers.Location!.OriginalString);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
            AssertHeaders(answer);
        }
    }

    /// <summary>A token that was sent in clear is not helped on its way: its sender is told, instead of redirected and none the wiser.</summary>
    private static async Task AssertApiRefusesPlainHttpAsync(HttpClient client)
    {
        foreach (var path in new[] { "/api/v1/me", "/api/v1/clusters", "/API/v1/me", "/api/no-such-thing" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}{path}");
            request.Headers.Add("Authorization", "Bearer anycast_somebodys");
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Null(answer.Headers.Location);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
            Assert.Contains("\"code\":\"api.https_required\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            AssertHeaders(answer);
        }

        using var secure = await client.GetAsync($"https://{Host}/api/v1/me", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, secure.StatusCode);
        AssertHeaders(secure);
    }

    private static async Task AssertForeignCircuitAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://{Host}/_blazor/negotiate?negotiateVersion=1");
        request.Headers.Add("Origin", "https://evil.example");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal("max-age=31536000", Assert.Single(answer.Headers.GetValues("Strict-Transport-Security")));
        AssertHeaders(answer);
    }

    /// <summary>What every answer carries, also of those that end before any page; and not what serves it.</summary>
    private static void AssertHeaders(HttpResponseMessage answer)
    {
        Assert.Contains("frame-ancestors 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
        Assert.False(answer.Headers.Contains("Server"), $"Server: {answer.Headers.Server}");
    }

    private static async Task AssertSecureAsync(HttpClient client)
    {
        using var page = await client.GetAsync($"https://{Host}/account/login", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("max-age=31536000", Assert.Single(page.Headers.GetValues("Strict-Transport-Security")));
        AssertHeaders(page);
        var antiforgery = Assert.Single(page.Headers.GetValues("Set-Cookie"));
        Assert.Matches("^__Host-anycast\\.antiforgery=[^;]+; path=/; secure; samesite=strict; httponly$", antiforgery);

        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var form = new HttpRequestMessage(HttpMethod.Post, $"https://{Host}/account/login")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["__RequestVerificationToken"] = WebUtility.HtmlDecode(TokenPattern().Match(html).Groups[1].Value),
                ["_handler"] = "login",
                ["Input.Email"] = DemoProduct.OperatorEmail,
                ["Input.Password"] = CoreHost.Password,
            }),
        };
        form.Headers.Add("Cookie", antiforgery.Split(';')[0]);
        using var signedIn = await client.SendAsync(form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
        var session = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-anycast.session=C", StringComparison.Ordinal)); // the one before it takes away what the browser held
        Assert.All(signedIn.Headers.GetValues("Set-Cookie"), c => Assert.Contains("; secure", c, StringComparison.Ordinal));
        Assert.Matches("^__Host-anycast\\.session=[^;]+; expires=[^;]+; path=/; secure; samesite=lax; httponly$", session);

        using var language = await client.GetAsync($"https://{Host}/preferences/language?to=de&return=/", TestContext.Current.CancellationToken);
        Assert.All(language.Headers.GetValues("Set-Cookie"), c => Assert.Contains("; secure", c, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task AssertLogAsync(AppProcess app, HttpClient client)
    {
        const string canary = "ANYCAST-CANARY";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://{Host}/account/confirm?token={canary}-query") { Content = new StringContent($"{canary}-body") };
        request.Headers.Add("Cookie", $"__Host-anycast.session={canary}-cookie");
        request.Headers.Add("Authorization", $"Bearer anycast_{canary}");
        request.Headers.TryAddWithoutValidation("User-Agent", $"{canary}-agent");
        request.Headers.Add("Referer", $"https://{canary}.example/");
        (await client.SendAsync(request, TestContext.Current.CancellationToken)).Dispose();
        (await client.GetAsync($"https://{Host}/agent/install/{canary}-path", TestContext.Current.CancellationToken)).Dispose();
        (await client.GetAsync($"https://{Host}/{canary}/nowhere", TestContext.Current.CancellationToken)).Dispose();
        await Eventually.TrueAsync(() => app.Log.Contains("GET (no route) 404", StringComparison.Ordinal), "the last request is in the log");
        Assert.Contains("POST /account/confirm 400", app.Log, StringComparison.Ordinal);
        Assert.Contains("GET /agent/install/{token} 404", app.Log, StringComparison.Ordinal);
        Assert.Matches(@"from (127\.0\.0\.0/24|::/48)", app.Log);
        Assert.DoesNotContain(canary, app.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(DemoProduct.OperatorEmail, app.Log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("127.0.0.1", app.Log.Replace("http://127.0.0.1", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>Trusts the test's authority alone, whatever name is asked for leads here, and the name is checked.</summary>
    private static HttpClient Client(AppProcess app, TestAuthority authority)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509Certificate2.CreateFromPem(authority.Pem));
        return new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
            ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port == 443 ? app.SecurePort!.Value : app.Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
