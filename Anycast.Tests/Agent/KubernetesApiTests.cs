using Anycast.Agent.Cluster;
using Anycast.Sandbox;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Agent;

/// <summary>The agent's connections to the API server.</summary>
public sealed class KubernetesApiTests
{
    private const string Path = "/api/v1/namespaces/kube-system";

    /// <summary>Well below the limit of a call, which would be spent by each call in turn if nobody noticed.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Objects_OverASharedConnectionThatFellSilent_FailInTimeAndComeBack()
    {
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false }, Ct);
        await using var link = new WeakLink(cluster.Address.Port);
        var kubeconfig = cluster.Kubeconfig(agent: true).Replace(cluster.Address.GetLeftPart(UriPartial.Authority), $"https://localhost:{link.Address.Port}", StringComparison.Ordinal);
        using var access = ClusterAccess.FromKubeconfig(Anycast.Agent.Cluster.Kubeconfig.Parse(kubeconfig, "."), TimeProvider.System);
        Assert.Equal(link.Address.Port, access.Server.Port);
        using var api = new KubernetesApi(access, TimeProvider.System);
        await GetAsync(api);
        using (link.Silence())
        {
            var calls = Enumerable.Range(0, 3).Select(_ => Assert.ThrowsAsync<ApiUnavailableException>(() => api.GetObjectAsync(Path, Ct))).ToList();
            await Task.WhenAll(calls).WaitAsync(s_patience, Ct);
            Assert.NotNull(api.SilentSince);
        }

        await GetAsync(api);
        Assert.Null(api.SilentSince);
    }

    private static async Task GetAsync(KubernetesApi api)
    {
        using var response = await api.GetObjectAsync(Path, Ct).WaitAsync(s_patience, Ct);
        Assert.Equal((200, 2), ((int)response.StatusCode, response.Version.Major));
    }
}
