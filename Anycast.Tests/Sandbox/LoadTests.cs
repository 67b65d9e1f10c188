using System.Diagnostics;
using Anycast.Sandbox;

namespace Anycast.Tests.Sandbox;

/// <summary>Ten thousand pods.</summary>
public sealed class LoadTests
{
    [Fact]
    public async Task Start_WithTenThousandPods_ListsThemAll()
    {
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Pods = 10_000, Scenario = false });
        using var client = SandboxFixture.Client(cluster, cluster.AdminToken);

        Assert.True(cluster.Store.Count("Pod") >= 10_000);
        Assert.Empty(cluster.Store.List("Pod", "load-01").Where(p => p["status"]!["phase"]!.GetValue<string>() != "Running"));

        var bytes = await client.GetByteArrayAsync("api/v1/pods?limit=5000");
        Assert.InRange(bytes.Length / 5000, 5_000, 8_500);

        // A list is copied, not serialised. A generous bound: it must not depend on what else the machine does.
        var clock = Stopwatch.StartNew();
        await client.GetByteArrayAsync("api/v1/pods?limit=5000");
        Assert.InRange(clock.ElapsedMilliseconds, 0, 10_000);
    }

    [Fact]
    public async Task Scale_OfAGeneratedDeployment_IsFollowed()
    {
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Pods = 40, Scenario = false, Speed = 10 });
        var name = cluster.Store.List("Deployment", "load-01")[0]["metadata"]!["name"]!.GetValue<string>();

        cluster.Store.Change("Deployment", "load-01", name, d => d["spec"]!["replicas"] = 22);

        await Harness.Eventually.TrueAsync(
            () => cluster.Store.Get("Deployment", "load-01", name)!["status"]!["replicas"]!.GetValue<int>() == 22 && cluster.Store.List("Pod", "load-01").Count == 22,
            "two more pods are there");
        Assert.Empty(cluster.ControllerErrors);
    }
}
