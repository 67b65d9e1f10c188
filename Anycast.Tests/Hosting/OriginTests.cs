using System.Net;
using Anycast.Tests.Harness;
using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Anycast.Tests.Hosting;

/// <summary>No page of another site opens a circuit with a visitor's cookies (T24).</summary>
public sealed class OriginTests
{
    [Theory]
    [InlineData("http://localhost", "localhost", null, true)]
    [InlineData("https://anycast.example.org", "anycast.example.org", null, true)] // behind a proxy that ends TLS the scheme here is http
    [InlineData("https://anycast.example.org", "anycast.example.org:443", null, true)]
    [InlineData("https://anycast.example.org", "internal:8080", "https://anycast.example.org", true)]
    [InlineData("https://ANYCAST.example.org", "anycast.example.org", null, true)]
    [InlineData("http://localhost:5080", "localhost:5080", null, true)]
    [InlineData("http://localhost:5081", "localhost:5080", null, false)]
    [InlineData("https://evil.example", "anycast.example.org", "https://anycast.example.org", false)]
    [InlineData("https://anycast.example.org.evil.example", "anycast.example.org", null, false)]
    [InlineData("https://evil-anycast.example.org", "anycast.example.org", null, false)]
    [InlineData("https://anycast.example.org@evil.example", "anycast.example.org", null, false)]
    [InlineData("https://anycast.example.org:8443", "anycast.example.org", null, false)]
    [InlineData("file://anycast.example.org", "anycast.example.org", null, false)]
    [InlineData("null", "anycast.example.org", null, false)]
    [InlineData("http://localhost", "%zz", null, false)]
    [InlineData("", "anycast.example.org", null, false)]
    [InlineData("anycast.example.org", "anycast.example.org", null, false)]
    public void IsOurs_OfAnOrigin_IsThisSiteAlone(string origin, string host, string? publicUrl, bool expected) =>
        Assert.Equal(expected, OriginCheck.IsOurs(origin, new HostString(host), publicUrl is null ? null : new Uri(publicUrl)));

    [Fact]
    public async Task Circuits_OpenedByAnotherSite_AreRefusedEachTime()
    {
        using var app = new InProcessApp();
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });
        Assert.Equal(HttpStatusCode.OK, await NegotiateAsync(client, "http://localhost"));
        Assert.Equal(HttpStatusCode.OK, await NegotiateAsync(client, null));
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(HttpStatusCode.Forbidden, await NegotiateAsync(client, i % 2 == 0 ? $"https://site{i}.example" : $"http://localhost:{9000 + i}"));
        }
    }

    private static async Task<HttpStatusCode> NegotiateAsync(HttpClient client, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
