using Anycast.Sandbox;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Sandbox;

/// <summary>A sandbox that starts again on the same directory.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Start_OnTheSameDirectory_IsTheSameCluster()
    {
        using var directory = new TempDirectory();
        var first = await UidAsync(new SandboxOptions { Scenario = false, DataDirectory = directory.Path });

        Assert.Equal(first, await UidAsync(new SandboxOptions { Scenario = false, DataDirectory = directory.Path }));
        Assert.NotEqual(first, await UidAsync(new SandboxOptions { Scenario = false }));
    }

    [Fact]
    public async Task Start_WithAUid_HasIt()
    {
        var uid = Guid.NewGuid().ToString();

        Assert.Equal(uid, await UidAsync(new SandboxOptions { Scenario = false, Uid = uid }));
    }

    private static async Task<string> UidAsync(SandboxOptions options)
    {
        await using var cluster = await SandboxCluster.StartAsync(options, TestContext.Current.CancellationToken);
        return cluster.Store.Get("Namespace", "", "kube-system")!["metadata"]!["uid"]!.GetValue<string>();
    }
}
