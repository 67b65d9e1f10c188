using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Anycast.Tests.Harness;
using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;

namespace Anycast.Tests.Hosting;

/// <summary>Links in mails lead to this service, whatever host a request claims: else a stranger asks for somebody's new password and gets its link.</summary>
public sealed class LinkRootTests
{
    [Theory]
    [InlineData("http://evil.example", "http://localhost:5080/")]
    [InlineData("http://evil.example:5080", "http://localhost:5080/")]
    [InlineData("http://localhost.evil.example:5080", "http://localhost:5080/")]
    [InlineData("http://localhost@evil.example:5080", "http://localhost:5080/")]
    [InlineData("http://203.0.113.7:5080", "http://localhost:5080/")]
    [InlineData("http://localhost:6666", "http://localhost:5080/")]
    [InlineData("http://localhost:5080/t/demo", "http://localhost:5080/")]
    [InlineData("http://127.0.0.1:5080", "http://127.0.0.1:5080/")]
    [InlineData("http://[::1]:5080", "http://[::1]:5080/")]
    public void Root_WithoutAPublicAddress_IsTakenFromNobodysHeader(string asked, string root) =>
        Assert.Equal(new Uri(root), Root("http://[::]:5080").For(new Uri(asked)));

    [Fact]
    public void Root_ByAnAddressOfThisMachine_IsThatAddress()
    {
        var own = NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
            .FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        Assert.SkipWhen(own is null, "This machine has no address but its own.");
        Assert.Equal(new Uri($"http://{own}:5080/"), Root("http://0.0.0.0:5080").For(new Uri($"http://{own}:5080/a")));
    }

    [Fact]
    public void Root_ThatIsConfiguredOrAllowed_Holds()
    {
        Assert.Equal(new Uri("https://anycast.example.org"), Root("http://[::]:5080", ("Anycast:PublicUrl", "https://anycast.example.org")).For(new Uri("http://evil.example")));
        var allowed = Root("http://[::]:8080", ("AllowedHosts", "anycast.lan;*.example.org"));
        Assert.Equal(new Uri("http://anycast.lan"), allowed.For(new Uri("http://anycast.lan/account/forgot")));
        Assert.Equal(new Uri("http://localhost:8080"), allowed.For(new Uri("http://evil.example.org"))); // A pattern names nobody.
    }

    [Fact]
    public void Links_OfARequestToAnotherHost_LeadHere()
    {
        using var app = new InProcessApp();
        var context = new DefaultHttpContext { RequestServices = app.Services };
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("evil.example");
        Assert.Equal("localhost", context.Links()("/account/reset?token=1").Host);
        context.Request.Host = new HostString("127.0.0.1", context.Links()("/").Port);
        Assert.Equal("127.0.0.1", context.Links()("/account/reset?token=1").Host);
    }

    private static LinkRoot Root(string listening, params (string Key, string Value)[] settings) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build(), new Listening(listening));

    private sealed class Listening : IServer
    {
        public Listening(string address)
        {
            var addresses = new ServerAddressesFeature();
            addresses.Addresses.Add(address);
            Features.Set<IServerAddressesFeature>(addresses);
        }

        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
