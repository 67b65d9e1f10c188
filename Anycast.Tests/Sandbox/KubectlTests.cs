using System.Text.Json.Nodes;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Sandbox;

/// <summary>What a stock kubectl does against the sandbox.</summary>
[Collection(SandboxCollection.Name)]
public sealed class KubectlTests(SandboxFixture sandbox)
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: NAMESPACE}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: web, image: "nginx:1.26", ports: [{containerPort: 80}]}
        """;

    private readonly Kubectl _kubectl = sandbox.Kubectl;

    [Fact]
    public async Task Get_PodsOfAllNamespaces_PrintsTheServersColumns()
    {
        var table = await _kubectl.RunAsync("get pods -A -o wide");

        Assert.Matches(@"NAMESPACE\s+NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+IP\s+NODE", table);
        Assert.Matches(@"shop\s+checkout-\S+\s+0/1\s+(ImagePullBackOff|ErrImagePull)", table);
        Assert.Matches(@"shop\s+storefront-\S+\s+1/1\s+Running", table);
        Assert.Matches(@"payments\s+ledger-\S+\s+0/1\s+CreateContainerConfigError", table);
    }

    [Theory]
    [InlineData("nodes")]
    [InlineData("all -n shop")]
    [InlineData("events -n shop")]
    [InlineData("pvc,pv,sc,ing,hpa,pdb,quota,limits,netpol,crd,leases -A")]
    [InlineData("deploy -n shop -o yaml")]
    [InlineData("svc -n shop -o json")]
    [InlineData("pods -n shop -l app=checkout --field-selector=status.phase=Pending -o name")]
    public async Task Get_OfManyKinds_Works(string what)
    {
        Assert.NotEmpty(await _kubectl.RunAsync($"get {what}"));
    }

    [Fact]
    public async Task Describe_PodWithABadImage_ShowsTheKubeletsEvents()
    {
        var name = (await _kubectl.RunAsync("get pods -n shop -l app=checkout --field-selector=status.phase=Pending -o name")).Split('\n')[0];

        var text = await _kubectl.RunAsync($"describe {name} -n shop");

        Assert.Contains("Back-off pulling image \"registry.shop.example/checkout:2.4.l\"", text, StringComparison.Ordinal);
        Assert.Contains("Error: ImagePullBackOff", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node worker-3", "KubeletHasInsufficientMemory")]
    [InlineData("pod -n payments -l app=fraud-scorer", "Insufficient memory")]
    [InlineData("pvc analytics-data -n data", "storageclass.storage.k8s.io \"fast-nvme\" not found")]
    [InlineData("job invoice-backfill -n batch", "0 Active (0 Ready) / 0 Succeeded / 4 Failed")]
    [InlineData("hpa storefront -n shop", "FailedGetResourceMetric")]
    [InlineData("cronjob nightly-settlement -n batch", "True")]
    [InlineData("ingress payments-public -n payments", "services \"payment-gateway-public\" not found")]
    [InlineData("pod -n shop -l app=notifications", "connect: connection refused")]
    [InlineData("pod -n shop -l app=recommendations", "OOMKilled")]
    [InlineData("pod -n payments -l app=ledger", "secret \"ledger-signing\" not found")]
    public async Task Describe_EachFault_SaysWhatIsWrong(string what, string expected)
    {
        Assert.Contains(expected, await _kubectl.RunAsync($"describe {what}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Autoscale_ByTheOldVersion_MakesAnAutoscalerThatBothVersionsShow()
    {
        var ns = await NamespaceAsync("autoscale");
        await _kubectl.RunAsync("apply -f -", Web.Replace("NAMESPACE", ns, StringComparison.Ordinal));

        Assert.Contains("autoscaled", await _kubectl.RunAsync($"autoscale deployment web -n {ns} --min=2 --max=6 --cpu-percent=70"), StringComparison.Ordinal);

        Assert.Matches(@"web\s+Deployment/web\s+cpu: <unknown>/70%\s+2\s+6", await _kubectl.RunAsync($"get hpa -n {ns}"));
        Assert.Equal("Utilization/70", await _kubectl.RunAsync($"get horizontalpodautoscalers.v2.autoscaling web -n {ns} -o jsonpath={{.spec.metrics[0].resource.target.type}}{{'/'}}{{.spec.metrics[0].resource.target.averageUtilization}}"));
        Assert.Equal("70", await _kubectl.RunAsync($"get horizontalpodautoscalers.v1.autoscaling web -n {ns} -o jsonpath={{.spec.targetCPUUtilizationPercentage}}"));

        // What the old version has no word for survives a write by it.
        await _kubectl.RunAsync($"patch horizontalpodautoscalers.v2.autoscaling web -n {ns} --type=json -p [{{\"op\":\"add\",\"path\":\"/spec/metrics/-\",\"value\":{{\"type\":\"Resource\",\"resource\":{{\"name\":\"memory\",\"target\":{{\"type\":\"Utilization\",\"averageUtilization\":80}}}}}}}}]");
        var old = await sandbox.Admin.ReadAsync($"apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers/web");
        old["spec"]!["maxReplicas"] = 9;
        var (status, body) = await sandbox.Admin.CallAsync(HttpMethod.Put, $"apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers/web", old);
        Assert.True(status == 200, body.ToJsonString());
        Assert.Equal("9/cpu memory", await _kubectl.RunAsync($"get hpa web -n {ns} -o jsonpath={{.spec.maxReplicas}}{{'/'}}{{.spec.metrics[*].resource.name}}"));
    }

    [Fact]
    public async Task Apply_ThenChangeScaleAndUndo_Follows()
    {
        var ns = await NamespaceAsync("apply");
        var manifest = Web.Replace("NAMESPACE", ns, StringComparison.Ordinal);

        Assert.Contains("created", await _kubectl.RunAsync("apply -f -", manifest), StringComparison.Ordinal);
        Assert.Contains("unchanged", await _kubectl.RunAsync("apply -f -", manifest), StringComparison.Ordinal);
        await _kubectl.RunAsync($"rollout status deploy/web -n {ns} --timeout=30s");
        Assert.Contains("configured", await _kubectl.RunAsync("apply -f -", manifest.Replace("1.26", "1.27", StringComparison.Ordinal)), StringComparison.Ordinal);
        await _kubectl.RunAsync($"rollout status deploy/web -n {ns} --timeout=30s");
        await _kubectl.RunAsync($"rollout undo deploy/web -n {ns}");
        Assert.Equal("nginx:1.26", await _kubectl.RunAsync($"get deploy web -n {ns} -o jsonpath={{..image}}"));

        await _kubectl.RunAsync($"scale deploy/web -n {ns} --replicas=3");
        await _kubectl.RunAsync($"rollout status deploy/web -n {ns} --timeout=30s");
        Assert.Equal(3, sandbox.Cluster.Store.Get("Deployment", ns, "web")!["status"]!["readyReplicas"]!.GetValue<int>());
        await _kubectl.RunAsync($"rollout restart deploy/web -n {ns}");
        await _kubectl.RunAsync($"delete ns {ns} --timeout=30s");
        Assert.Empty(sandbox.Cluster.Store.List("Pod", ns));
    }

    [Fact]
    public async Task ApplyServerSide_FieldOfAnotherManager_ConflictsUnlessForced()
    {
        var ns = await NamespaceAsync("ssa");
        var manifest = Web.Replace("NAMESPACE", ns, StringComparison.Ordinal);
        await _kubectl.RunAsync("apply --server-side -f -", manifest);
        await _kubectl.RunAsync($"scale deploy/web -n {ns} --replicas=1");

        var (exit, _, error) = await _kubectl.TryAsync("apply --server-side -f -", manifest);
        Assert.Equal(1, exit);
        Assert.Contains("conflict", error, StringComparison.Ordinal);
        Assert.Contains(".spec.replicas", error, StringComparison.Ordinal);

        await _kubectl.RunAsync("apply --server-side --force-conflicts -f -", manifest);
        Assert.Equal("2", await _kubectl.RunAsync($"get deploy web -n {ns} -o jsonpath={{.spec.replicas}}"));
    }

    [Fact]
    public async Task Patch_OfThreeKinds_ChangesWhatItSays()
    {
        var ns = await NamespaceAsync("patch");
        await _kubectl.RunAsync("apply -f -", Web.Replace("NAMESPACE", ns, StringComparison.Ordinal));

        await _kubectl.RunAsync($"patch deploy web -n {ns} -p " + """{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}""");
        await _kubectl.RunAsync($"patch deploy web -n {ns} --type=merge -p " + """{"spec":{"minReadySeconds":1}}""");
        await _kubectl.RunAsync($"patch deploy web -n {ns} --type=json -p " + """[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":1}]""");

        var spec = sandbox.Cluster.Store.Get("Deployment", ns, "web")!["spec"]!;
        Assert.Equal(1, spec["replicas"]!.GetValue<int>());
        Assert.Equal(1, spec["minReadySeconds"]!.GetValue<int>());
        var container = spec["template"]!["spec"]!["containers"]![0]!;
        Assert.Equal("nginx:1.26", container["image"]!.GetValue<string>());
        Assert.Equal("A", container["env"]![0]!["name"]!.GetValue<string>());

        var (exit, _, error) = await _kubectl.TryAsync($"patch deploy web -n {ns} --type=json -p " + """[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":5}]""");
        Assert.Equal(1, exit);
        Assert.Contains("the server rejected our request", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetWatch_PodsComeAndGo_PrintsThem()
    {
        var ns = await NamespaceAsync("watch");
        await _kubectl.RunAsync("apply -f -", Web.Replace("NAMESPACE", ns, StringComparison.Ordinal));
        await _kubectl.RunAsync($"rollout status deploy/web -n {ns} --timeout=30s");
        using var watch = _kubectl.Start($"get pods -n {ns} -w --output-watch-events");
        try
        {
            Assert.Contains("EVENT", await LineAsync(), StringComparison.Ordinal);
            await LineAsync();
            await LineAsync();
            await _kubectl.RunAsync($"scale deploy/web -n {ns} --replicas=1");
            var line = "";
            while (!line.StartsWith("DELETED", StringComparison.Ordinal))
            {
                line = await LineAsync();
            }
        }
        finally
        {
            watch.Kill();
        }

        async Task<string> LineAsync() => await watch.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException("The watch ended.");
    }

    [Fact]
    public async Task Cordon_ThenPodsOfANewDeployment_StayAway()
    {
        await _kubectl.RunAsync("cordon worker-4");
        try
        {
            Assert.Contains("SchedulingDisabled", await _kubectl.RunAsync("get node worker-4"), StringComparison.Ordinal);
            var ns = await NamespaceAsync("cordon");
            await _kubectl.RunAsync("apply -f -", Web.Replace("NAMESPACE", ns, StringComparison.Ordinal).Replace("replicas: 2", "replicas: 8", StringComparison.Ordinal));
            await _kubectl.RunAsync($"rollout status deploy/web -n {ns} --timeout=30s");
            Assert.DoesNotContain(sandbox.Cluster.Store.List("Pod", ns), p => p["spec"]!["nodeName"]!.GetValue<string>() == "worker-4");
        }
        finally
        {
            await _kubectl.RunAsync("uncordon worker-4");
        }
    }

    [Theory]
    [InlineData("get pods -A", true)]
    [InlineData("get secrets -A", false)]
    [InlineData("get configmaps -n shop", false)]
    [InlineData("logs -n shop deploy/cart", false)]
    [InlineData("exec -n shop deploy/cart -- ls", false)]
    [InlineData("scale deploy/cart -n shop --replicas=2", true)]
    [InlineData("delete pvc analytics-data -n data --dry-run=server", true)]
    [InlineData("delete ns shop --dry-run=server", false)]
    [InlineData("get roles -A", false)]
    public async Task AsTheAgent_ByItsRoles_IsAllowedOrRefused(string command, bool allowed)
    {
        var (exit, _, error) = await _kubectl.TryAsync(command, user: "agent");

        Assert.Equal(allowed, exit == 0);
        Assert.Equal(!allowed, error.Contains("system:serviceaccount:anycast-system:cluster-agent\" cannot", StringComparison.Ordinal));
    }

    private async Task<string> NamespaceAsync(string name)
    {
        name = $"t-{name}";
        await _kubectl.RunAsync("apply -f -", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } }.ToJsonString());
        await Eventually.TrueAsync(() => sandbox.Cluster.Store.Get("ServiceAccount", name, "default") is not null, "the default service account");
        return name;
    }
}
