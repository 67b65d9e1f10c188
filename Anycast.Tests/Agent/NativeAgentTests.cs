using System.Diagnostics;
using System.Text;
using Anycast.Agent;
using Anycast.Core.Agents.Transport;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Tests.Agent;

/// <summary>The agent as its image holds it: native code, published by the very script that the Dockerfile runs, as nobody, on files that nobody may write.</summary>
public sealed class NativeAgentTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Long")]
    public async Task PublishedAgent_AsNobodyOnReadOnlyFiles_ServesAndStops()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Needs root, to become somebody else.");
        Assert.SkipUnless(File.Exists("/usr/bin/clang"), "Native code needs clang and zlib1g-dev.");
        using var directory = new TempDirectory();
        await RunAsync(RepositoryRoot.At("eng", "publish-agent.sh"), directory.File("app"));
        Assert.Equal(["Anycast.Agent"], Directory.EnumerateFileSystemEntries(directory.File("app")).Select(Path.GetFileName));

        // What could start a program is not in it.
        var code = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(directory.File("app"), "Anycast.Agent"), Ct));
        Assert.Contains(Encoding.Latin1.GetString(Encoding.Unicode.GetBytes("ANYCAST_ALLOW_EXEC_PLUGIN")), code, StringComparison.Ordinal);
        Assert.DoesNotContain(Encoding.Latin1.GetString(Encoding.Unicode.GetBytes("KUBERNETES_EXEC_INFO")), code, StringComparison.Ordinal);
        await RunAsync("chmod", "-R", "a+rX,a-w", directory.File("app"));
        await RunAsync("chmod", "755", directory.Path);

        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await using var service = await ServiceHost.StartAsync();
        using var agent = AgentProcess.Native(
            Path.Combine(directory.File("app"), "Anycast.Agent"),
            service.Address,
            cluster.Kubeconfig(agent: true),
            "t",
            ("ANYCAST_CREDENTIAL_SECRET", "anycast-system/cluster-agent-credential"),
            ("ANYCAST_LEADER_LEASE", "anycast-system/cluster-agent-leader"));
        var client = new AgentClient(await service.NextAsync(TimeSpan.FromSeconds(60)));

        // Every part of the wire contract, since what trimming takes away shows at run time alone.
        Assert.True((await client.GetObjectsAsync("/api/v1/namespaces/shop/pods?limit=5", Ct)).IsOk);
        Assert.Equal(403, (await client.GetObjectsAsync("/api/v1/secrets", Ct)).Status);
        Assert.Equal(404, (await client.GetObjectsAsync("/api/v1/namespaces/shop/pods/none", Ct)).Status);
        var operation = await client.OperateAsync(
            new OperationRequest(OperationNames.Patch, new OperationTarget("apps", "Deployment", "shop", "cart"), [new LeafChange("spec.replicas", "3")], DryRun: true), Ct);
        Assert.Equal(OperationStatus.Applied, operation.Status);
        foreach (var kind in Anycast.Tunnel.ResourceKinds.WithRows)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            stop.CancelAfter(TimeSpan.FromSeconds(20));
            await foreach (var change in client.WatchRowsAsync(kind.Kind, null, stop.Token))
            {
                Assert.NotEqual(RowChangeType.Error, change.Type);
                if (change.Type == RowChangeType.Synced)
                {
                    break;
                }
            }
        }

        Assert.Equal("Connected as test cluster.", await agent.HealthAsync("ready"));
        agent.Signal("TERM");
        Assert.Equal(AgentHost.Stopped, await agent.ExitAsync(TimeSpan.FromSeconds(20)));
    }

    private static async Task RunAsync(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var errors = process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, $"{file} ended with {process.ExitCode}: {await output} {await errors}");
    }
}
