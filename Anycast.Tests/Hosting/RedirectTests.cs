using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Anycast.Tests.Harness.Circuits;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Anycast.Tests.Hosting;

/// <summary>No address that a stranger wrote leads away from this site, and no other site opens a circuit (T24).</summary>
public sealed partial class RedirectTests
{
    /// <summary>Forty ways to write another site, as browsers read them.</summary>
    private static readonly string[] s_forms =
    [
        "https://evil.example", "http://evil.example/", "HTTPS://EVIL.EXAMPLE", "//evil.example", "///evil.example", "////evil.example/%2e%2e", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
        "/\\/evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "\u0000//evil.example", "/\u0000/evil.example", "/\u000b/evil.example",
        "https:evil.example", "https:/evil.example", "https:\\\\evil.example", "http:///evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)", "file:///etc/passwd", "ftp://evil.example", "blob:https://evil.example/1", "evil.example", ".evil.example", "@evil.example", "localhost@evil.example", "https://localhost@evil.example",
        "https://localhost.evil.example", "https://evil.example#localhost", "https://evil.example?localhost", "https://[::ffff:1.2.3.4]/", "ws://evil.example",
    ];

    [Fact]
    public async Task Returns_InFortyForms_StayOnThisSite()
    {
        Assert.Equal(40, s_forms.Distinct().Count());
        using var app = new InProcessApp(new Dictionary<string, string?> { ["Anycast:Setup:OperatorEmail"] = "ada@example.org", ["Anycast:Setup:OperatorPassword"] = CoreHost.Password });
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false, BaseAddress = new Uri("https://localhost") });
        foreach (var form in s_forms)
        {
            using (var chosen = await client.GetAsync(AppUrls.Language("de", form), TestContext.Current.CancellationToken))
            {
                Assert.Equal("/", chosen.Headers.Location!.OriginalString);
            }

            using var signedIn = await SignInAsync(client, form);
            Assert.True(signedIn.StatusCode == HttpStatusCode.Redirect, $"{form}: {(int)signedIn.StatusCode}");
            AssertStays(form, signedIn.Headers.Location!.OriginalString);
        }

        // Whoever was on the way to a page of this site comes to it.
        using var local = await SignInAsync(client, "/me/profile");
        Assert.EndsWith("/me/profile", local.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sockets_OpenedByAnotherSite_AreRefusedEachTime()
    {
        await using var site = await CircuitSite.StartAsync();
        var person = await site.PersonAsync();
        var opened = 0;
        for (var i = 0; i < 100; i++)
        {
            opened += await OpensAsync(site, person.Cookie, i % 3 == 0 ? "null" : i % 3 == 1 ? $"https://site{i}.example" : $"http://127.0.0.1:{20_000 + i}") ? 1 : 0;
        }

        Assert.Equal(0, opened);
        Assert.True(await OpensAsync(site, person.Cookie, site.Address.GetLeftPart(UriPartial.Authority)));
    }

    private static async Task<bool> OpensAsync(CircuitSite site, string cookie, string origin)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", cookie);
        socket.Options.SetRequestHeader("Origin", origin);
        try
        {
            await socket.ConnectAsync(new UriBuilder(new Uri(site.Address, "_blazor")) { Scheme = "ws" }.Uri, TestContext.Current.CancellationToken);
            await socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
            return true;
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    /// <summary>As a browser resolves it: without tabs and line breaks, and a backslash is a slash.</summary>
    private static void AssertStays(string form, string location)
    {
        var read = location.Trim().Replace("\t", "").Replace("\r", "").Replace("\n", "").Replace('\\', '/');
        var resolved = new Uri(new Uri("https://localhost/"), read.StartsWith("//", StringComparison.Ordinal) ? "https:" + read : read);
        Assert.True(resolved is { Scheme: "https", Host: "localhost" }, $"{form} leads to {resolved}");
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient client, string returnTo)
    {
        var address = "/account/login?return=" + Uri.EscapeDataString(returnTo);
        using var page = await client.GetAsync(address, TestContext.Current.CancellationToken);
        using var form = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["__RequestVerificationToken"] = WebUtility.HtmlDecode(TokenPattern().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value),
                ["_handler"] = "login",
                ["Input.Email"] = "ada@example.org",
                ["Input.Password"] = CoreHost.Password,
            }),
        };
        form.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Single().Split(';')[0]);
        return await client.SendAsync(form);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
