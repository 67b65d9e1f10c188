using Anycast.Agent;
using Anycast.Agent.Cluster;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Agent;

/// <summary>How an agent is set up, and what it says when it can't be.</summary>
public sealed class AgentOptionsTests
{
    [Theory]
    [InlineData("http://anycast.example.com", "https://")]
    [InlineData("ftp://x", "no address")]
    [InlineData("https://user:pw@x", "no address")]
    [InlineData("", "not set")]
    public void Server_ThatIsNotSafe_IsRefusedInWords(string server, string words)
    {
        var e = Assert.Throws<AgentSetupException>(() => AgentOptions.FromEnvironment(name => name == "ANYCAST_SERVER" ? server : null));

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Server_OnLoopback_MayBeHttp() =>
        Assert.Equal("localhost", AgentOptions.FromEnvironment(name => name == "ANYCAST_SERVER" ? "http://localhost:5080" : null).Server.Host);

    [Theory]
    [InlineData("exec: {command: aws}", "starts no programs")]
    [InlineData("username: a", "password")]
    public void Kubeconfig_WithAUserThatCannotBe_IsRefusedInWords(string user, string words)
    {
        var e = Assert.Throws<AgentSetupException>(() => Kubeconfig.Parse(Config("server: https://x", user), "/"));

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server: https://x\n    insecure-skip-tls-verify: true", "certificate")]
    [InlineData("server: http://x.example.com", "https")]
    public void Kubeconfig_WithAnUnsafeCluster_IsRefusedInWords(string cluster, string words)
    {
        var e = Assert.Throws<AgentSetupException>(() => Kubeconfig.Parse(Config(cluster, "token: t"), "/"));

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kubeconfig_WithFiles_ReadsThemBesideItself()
    {
        using var directory = new TempDirectory();
        File.WriteAllText(directory.File("ca.pem"), "PEM");

        var config = Kubeconfig.Parse(Config("server: https://x:6443\n    certificate-authority: ca.pem", "tokenFile: t"), directory.Path);

        Assert.Equal(("PEM", directory.File("t"), 6443), (config.CertificateAuthority, config.TokenFile, config.Server.Port));
    }

    private static string Config(string cluster, string user) => $$"""
        current-context: c
        contexts:
        - name: c
          context: {cluster: k, user: u}
        clusters:
        - name: k
          cluster:
            {{cluster}}
        users:
        - name: u
          user:
            {{user}}
        """;
}
