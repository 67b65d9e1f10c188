using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;

namespace Anycast.Tests.Agent;

/// <summary>The way from a company's network to the service: through its proxy, to a certificate that its own authority signed.</summary>
public sealed class WayOutTests
{
    private const string Host = "anycast.corp.example";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connect_ThroughAProxyToAPrivateAuthority_Works()
    {
        await using var way = await WayOut.StartAsync(credentials: "somebody:secret!");
        using var agent = way.Start(way.Authority.Pem, ("HTTPS_PROXY", $"http://somebody:secret%21@{way.Proxy.Address}"));

        var carrier = await way.Service.NextAsync(s_patience);
        await Eventually.TrueAsync(() => carrier.RoundTrip > TimeSpan.Zero, "a call crosses proxy and TLS");

        Assert.All(way.Proxy.Requests, r => Assert.Equal($"CONNECT {Host}:443 HTTP/1.1", r.Request));
        Assert.DoesNotContain("secret", agent.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connect_CertificateOfAnUnknownAuthority_IsRefusedAndSaysWhatToDo(bool otherAuthority)
    {
        await using var way = await WayOut.StartAsync();
        using var other = new TestAuthority("Somebody else");
        using var agent = way.Start(otherAuthority ? other.Pem : null, ("HTTPS_PROXY", "http://" + way.Proxy.Address));

        await Eventually.TrueAsync(() => agent.Log.Contains("certificate is not trusted", StringComparison.Ordinal), "the log says why", s_patience);

        Assert.Contains("ANYCAST_CA_FILE", agent.Log, StringComparison.Ordinal);
        Assert.Empty(way.Service.Hellos);
    }

    [Fact]
    public async Task Connect_CertificateForAnotherName_IsRefused()
    {
        await using var way = await WayOut.StartAsync("other.corp.example");
        using var agent = way.Start(way.Authority.Pem, ("HTTPS_PROXY", "http://" + way.Proxy.Address));

        await Eventually.TrueAsync(() => agent.Log.Contains("certificate is not trusted", StringComparison.Ordinal), "the log says why", s_patience);

        Assert.Empty(way.Service.Hellos);
    }

    [Fact]
    public async Task Connect_ProxyThatRefuses_IsNamedAsTheCause()
    {
        await using var way = await WayOut.StartAsync();
        way.Proxy.Refusal = "403 Forbidden";
        using var agent = way.Start(way.Authority.Pem, ("HTTPS_PROXY", "http://" + way.Proxy.Address));

        await Eventually.TrueAsync(() => agent.Log.Contains("The proxy (HTTPS_PROXY) refused", StringComparison.Ordinal), "the log says why", s_patience);

        way.Proxy.Refusal = null;
        await way.Service.NextAsync(s_patience);
    }

    [Fact]
    public async Task Connect_HostInNoProxy_GoesPastTheProxy()
    {
        await using var way = await WayOut.StartAsync();
        using var agent = way.Start(way.Authority.Pem, ("HTTPS_PROXY", "http://" + way.Proxy.Address), ("NO_PROXY", ".corp.example"));

        // Nobody but the proxy knows the name, so past it there is no way.
        await Eventually.TrueAsync(() => agent.Log.Contains("can't be reached", StringComparison.Ordinal), "it tries by itself", s_patience);

        Assert.Empty(way.Proxy.Requests);
    }

    /// <summary>A service with a certificate for <see cref="Host"/>, a name that resolves at the proxy alone.</summary>
    private sealed class WayOut(TestAuthority authority, ServiceHost service, ConnectProxy proxy, ScriptedApi api) : IAsyncDisposable
    {
        private readonly TempDirectory directory = new();

        public TestAuthority Authority => authority;

        public ServiceHost Service => service;

        public ConnectProxy Proxy => proxy;

        public static async Task<WayOut> StartAsync(string host = Host, string? credentials = null)
        {
            var authority = new TestAuthority();
            var service = await ServiceHost.StartAsync(authority.Issue(host));
            return new WayOut(authority, service, new ConnectProxy(service.Address.Port) { Credentials = credentials }, await ScriptedApi.StartAsync());
        }

        public AgentProcess Start(string? authorityPem, params (string Name, string Value)[] environment)
        {
            if (authorityPem is not null)
            {
                File.WriteAllText(directory.File("ca.pem"), authorityPem);
                environment = [.. environment, ("ANYCAST_CA_FILE", directory.File("ca.pem"))];
            }

            return new AgentProcess(new Uri($"https://{Host}"), api.Kubeconfig, "t", environment);
        }

        public async ValueTask DisposeAsync()
        {
            await proxy.DisposeAsync();
            await service.DisposeAsync();
            await api.DisposeAsync();
            authority.Dispose();
            directory.Dispose();
        }
    }
}
