using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;
using k8s;

namespace Anycast.Tests.Tunnel;

/// <summary>Everything the tunnel carries of the sandbox's shop, whose objects are full of canaries.</summary>
public sealed class SandboxTunnelTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task EveryKind_OverRowsAndObjects_CarriesNoCanary()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));
        var crossed = new StringBuilder();
        var objects = 0;

        foreach (var kind in ResourceKinds.All)
        {
            var list = await world.Client.GetObjectsAsync(kind.CollectionPath(), Ct);
            crossed.Append(Encoding.UTF8.GetString(list.Json.Span));
            if (list.IsOk)
            {
                foreach (var item in JsonNode.Parse(list.Json.Span)!["items"]!.AsArray())
                {
                    objects++;
                    var path = kind.CollectionPath(item!["metadata"]!["namespace"]?.GetValue<string>()) + "/" + item["metadata"]!["name"]!.GetValue<string>();
                    crossed.Append(objects < 400 ? Encoding.UTF8.GetString((await world.Client.GetObjectsAsync(path, Ct)).Json.Span) : "");
                }
            }
        }

        var rows = 0;
        foreach (var kind in ResourceKinds.WithRows)
        {
            foreach (var row in await RowsAsync(world, kind.Kind))
            {
                rows++;
                crossed.Append(row);
            }
        }

        var text = crossed.ToString();
        Assert.True(objects > 50 && rows > 50, $"{objects} objects, {rows} rows");
        Assert.NotEmpty(sandbox.Canaries);
        Assert.Empty(sandbox.Canaries.Where(c => text.Contains(c, StringComparison.Ordinal)));
        Assert.Empty(world.Alarms);
        Assert.Equal(0, world.Client.Differences);

        // The positive control: without the agent the canaries are there to be found.
        var raw = string.Concat(new[] { "Pod", "Deployment", "Secret", "ConfigMap" }.SelectMany(k => sandbox.Store.List(k)).Select(o => o.ToJsonString()));
        Assert.Contains(sandbox.Canaries, c => raw.Contains(c, StringComparison.Ordinal));
        Assert.DoesNotContain(sandbox.Requests.ByAgent(), r => r.Resource is "secrets" or "configmaps" || r.Resource.Contains('/', StringComparison.Ordinal));
    }

    [Fact]
    public async Task TypedClient_OverTheTunnel_ReadsEveryKindOfTheShop()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));
        using var kubernetes = world.Client.CreateKubernetes();

        var pods = await kubernetes.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: Ct);
        var deployments = await kubernetes.AppsV1.ListDeploymentForAllNamespacesAsync(cancellationToken: Ct);
        var events = await kubernetes.CoreV1.ListEventForAllNamespacesAsync(cancellationToken: Ct);
        var nodes = await kubernetes.CoreV1.ListNodeAsync(cancellationToken: Ct);
        var ingresses = await kubernetes.NetworkingV1.ListIngressForAllNamespacesAsync(cancellationToken: Ct);
        var services = await kubernetes.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: Ct);
        var claims = await kubernetes.CoreV1.ListPersistentVolumeClaimForAllNamespacesAsync(cancellationToken: Ct);

        Assert.All(new[] { pods.Items.Count, deployments.Items.Count, events.Items.Count, nodes.Items.Count, ingresses.Items.Count, services.Items.Count, claims.Items.Count }, count => Assert.True(count > 0));
        Assert.Contains(pods.Items, p => p.Spec.Containers.Any(c => c.Env?.Any(e => e.Value?.StartsWith("«withheld:", StringComparison.Ordinal) == true) == true));
    }

    [Fact]
    public async Task Image_MendedByAnApprovedOperation_MakesThePodHealthy()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions { Speed = 20 }, Ct);
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));
        var broken = (await RowsAsync(world, "Pod")).OfType<PodRow>().First(p => p.Status is "ImagePullBackOff" or "ErrImagePull");
        var owner = sandbox.Store.Get("ReplicaSet", broken.Namespace, broken.OwnerName)!["metadata"]!["ownerReferences"]![0]!["name"]!.GetValue<string>();
        var good = sandbox.Store.List("Deployment", broken.Namespace).SelectMany(d => d["spec"]!["template"]!["spec"]!["containers"]!.AsArray()).Select(c => c!["image"]!.GetValue<string>()).First(i => i != broken.Image);
        var container = sandbox.Store.Get("Deployment", broken.Namespace, owner)!["spec"]!["template"]!["spec"]!["containers"]![0]!["name"]!.GetValue<string>();
        var path = $"spec.template.spec.containers[{container}].image";
        var image = broken.Image.Split(':')[0] + ":" + good.Split(':')[^1];

        var dry = await world.Client.OperateAsync(new OperationRequest(OperationNames.SetImage, new OperationTarget("apps", "Deployment", broken.Namespace, owner), [new LeafChange(path, image)], true), Ct);
        var done = await world.Client.OperateAsync(
            new OperationRequest(OperationNames.SetImage, new OperationTarget("apps", "Deployment", broken.Namespace, owner, dry.Uid, dry.Generation), [new LeafChange(path, image)], false, "nonce", [dry.Diff![0].Before]), Ct);

        Assert.Equal((OperationStatus.Applied, null), (dry.Status, dry.Reason));
        Assert.Equal((OperationStatus.Applied, null), (done.Status, done.Reason));
        Assert.Equal(broken.Image, dry.Diff[0].Before);
        Assert.Equal(image, sandbox.Store.Get("Deployment", broken.Namespace, owner)!["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>());
    }

    private static async Task<List<ResourceRow>> RowsAsync(TunnelWorld world, string kind)
    {
        var rows = new List<ResourceRow>();
        await foreach (var change in world.Client.WatchRowsAsync(kind, null, Ct))
        {
            if (change.Type == RowChangeType.Upsert)
            {
                rows.Add(change.Row!);
            }
            else if (change.Type is RowChangeType.Synced or RowChangeType.Error)
            {
                Assert.Null(change.Error);
                break;
            }
        }

        return rows;
    }
}
