using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox;

namespace Anycast.Tests.Sandbox;

/// <summary>Canary values stand where workload data stands in reality, and the list knows them all.</summary>
[Collection(SandboxCollection.Name)]
public sealed class CanaryTests(SandboxFixture sandbox)
{
    [Fact]
    public void Canaries_AreManyAndOfSeveralShapes()
    {
        var canaries = sandbox.Cluster.Canaries;

        foreach (var kind in new[] { "env", "args", "annotation", "secret", "configmap", "termination", "probe", "volume" })
        {
            Assert.Contains(canaries, c => c.StartsWith($"CANARY-{kind}-", StringComparison.Ordinal));
        }

        Assert.Contains(canaries, c => !c.StartsWith("CANARY-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryCanaryInTheCluster_IsOnTheList()
    {
        var known = sandbox.Cluster.Canaries;
        var text = new StringBuilder();
        foreach (var path in new[] { "api/v1/pods", "api/v1/secrets", "api/v1/configmaps", "api/v1/events", "apis/apps/v1/deployments", "apis/apps/v1/replicasets", "apis/batch/v1/jobs", "api/v1/nodes", "apis/networking.k8s.io/v1/ingresses", "api/v1/persistentvolumes" })
        {
            text.Append((await sandbox.Admin.ReadAsync(path)).ToJsonString());
        }

        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(text.ToString(), "CANARY-[a-z]+-[0-9a-f]+"))
        {
            Assert.Contains(match.Value, sandbox.Cluster.Canaries);
        }

        Assert.NotEmpty(known);
    }

    [Theory]
    [InlineData("Deployment", "shop", "checkout")]
    [InlineData("Secret", "shop", "shop-database")]
    [InlineData("ConfigMap", "shop", "shop-settings")]
    [InlineData("Ingress", "shop", "shop")]
    public void LastAppliedConfiguration_HoldsCanaries(string kind, string ns, string name)
    {
        var applied = sandbox.Cluster.Store.Get(kind, ns, name)!["metadata"]!["annotations"]!["kubectl.kubernetes.io/last-applied-configuration"]!.GetValue<string>();

        Assert.Contains(sandbox.Cluster.Canaries, c => applied.Contains(c, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_ForAdmin_HoldsCanaries()
    {
        var pod = sandbox.Cluster.Store.List("Pod", "data").First(p => p["metadata"]!["name"]!.GetValue<string>() == "postgres-0");
        using var response = await sandbox.Admin.GetAsync(new Uri($"api/v1/namespaces/data/pods/{pod["metadata"]!["name"]}/log", UriKind.Relative));
        var log = await response.Content.ReadAsStringAsync();

        Assert.Contains(sandbox.Cluster.Canaries, c => c.StartsWith("CANARY-log-", StringComparison.Ordinal) && log.Contains(c, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Canaries_SameSeed_AreTheSame()
    {
        await using var one = await SandboxCluster.StartAsync(new SandboxOptions { Controllers = false, Seed = 7 });
        await using var two = await SandboxCluster.StartAsync(new SandboxOptions { Controllers = false, Seed = 7 });

        Assert.Equal(one.Canaries.Order(StringComparer.Ordinal), two.Canaries.Order(StringComparer.Ordinal));
        Assert.NotEqual(JsonNode.Parse("1")!.ToString(), one.Canaries.First());
    }
}
