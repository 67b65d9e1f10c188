using System.Text.Json.Nodes;
using Anycast.Sandbox;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Sandbox;

/// <summary>The right change heals a fault, by the rules alone; a wrong one does not.</summary>
/// <remarks>On a cluster of its own: what is healed here is broken for the other tests.</remarks>
public sealed class HealingTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private SandboxStore Store => sandbox.Cluster.Store;

    [Fact]
    public async Task Checkout_WrongTagThenRightTag_HealsOnlyByTheRightOne()
    {
        await sandbox.Kubectl.RunAsync("set image deploy/checkout checkout=registry.shop.example/checkout:2.4.9 -n shop");
        await Eventually.TrueAsync(
            () => Pods("checkout").Any(p => Image(p).EndsWith("2.4.9", StringComparison.Ordinal) && Waiting(p) is "ErrImagePull" or "ImagePullBackOff"), "the new pods fail to pull");
        Assert.Equal(2, Ready("shop", "checkout"));

        await sandbox.Kubectl.RunAsync("set image deploy/checkout checkout=registry.shop.example/checkout:2.4.2 -n shop");
        await HealthyAsync("shop", "checkout");
        await sandbox.Kubectl.RunAsync("rollout status deploy/checkout -n shop --timeout=5s");
    }

    [Fact]
    public async Task Recommendations_LimitTooSmallThenEnough_HealsOnlyByTheLarge()
    {
        await LimitAsync("160Mi");
        await Eventually.TrueAsync(
            () => Pods("recommendations") is { Count: 2 } pods && pods.All(p => Limit(p) == "160Mi" && p["status"]?["containerStatuses"]?[0]?["lastState"]?["terminated"]?["reason"]?.GetValue<string>() == "OOMKilled"),
            "the new pods are killed for memory as well");

        await LimitAsync("256Mi");
        await HealthyAsync("shop", "recommendations");
        Assert.All(Pods("recommendations"), p => Assert.Equal(0, p["status"]!["containerStatuses"]![0]!["restartCount"]!.GetValue<int>()));

        Task LimitAsync(string limit) => sandbox.Kubectl.RunAsync(
            """patch deploy recommendations -n shop -p {"spec":{"template":{"spec":{"containers":[{"name":"recommendations","resources":{"limits":{"memory":"LIMIT"}}}]}}}}""".Replace("LIMIT", limit, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Notifications_ProbePortMended_BecomesReady()
    {
        await PatchAsync("deployments", "shop", "notifications", """[{"op":"replace","path":"/spec/template/spec/containers/0/readinessProbe/httpGet/port","value":8080}]""");

        await HealthyAsync("shop", "notifications");
        await Eventually.TrueAsync(() => Addresses("shop", "notifications") == 2, "both pods are endpoints");
    }

    [Fact]
    public async Task Search_SelectorMended_HasEndpoints()
    {
        Assert.Equal(0, Addresses("shop", "search"));

        await sandbox.Kubectl.RunAsync("""patch svc search -n shop -p {"spec":{"selector":{"app":"search"}}}""");

        await Eventually.TrueAsync(() => Addresses("shop", "search") == 2, "both pods are endpoints");
    }

    [Fact]
    public async Task FraudScorer_RequestThatFits_IsScheduled()
    {
        await PatchAsync(
            "deployments", "payments", "fraud-scorer",
            """[{"op":"replace","path":"/spec/template/spec/containers/0/resources","value":{"requests":{"cpu":"500m","memory":"1Gi"},"limits":{"memory":"2Gi"}}}]""");

        await HealthyAsync("payments", "fraud-scorer");
        Assert.Single(Store.List("Pod", "payments"), p => p["metadata"]!["name"]!.GetValue<string>().StartsWith("fraud-scorer", StringComparison.Ordinal) && p["metadata"]!["deletionTimestamp"] is null);
    }

    [Fact]
    public async Task Ledger_SecretCreated_Starts()
    {
        Store.Upsert(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = "ledger-signing", ["namespace"] = "payments" },
            ["data"] = new JsonObject { ["key"] = "eA==" },
        });

        await HealthyAsync("payments", "ledger");
    }

    [Fact]
    public async Task Analytics_StorageClassCreated_ClaimIsBoundAndPodRuns()
    {
        Store.Upsert(new JsonObject
        {
            ["apiVersion"] = "storage.k8s.io/v1",
            ["kind"] = "StorageClass",
            ["metadata"] = new JsonObject { ["name"] = "fast-nvme" },
            ["provisioner"] = "csi.sandbox.example",
            ["volumeBindingMode"] = "Immediate",
            ["reclaimPolicy"] = "Delete",
        });

        await HealthyAsync("data", "analytics");
        Assert.Equal("Bound", Store.Get("PersistentVolumeClaim", "data", "analytics-data")!["status"]!["phase"]!.GetValue<string>());
    }

    [Fact]
    public async Task SuspendedCronJob_MakesNoJobs_AndAResumedOneDoes()
    {
        var before = Store.List("Job", "batch").Count(j => Name(j).StartsWith("nightly", StringComparison.Ordinal));
        await PatchAsync("cronjobs", "batch", "nightly-settlement", """[{"op":"replace","path":"/spec/schedule","value":"* * * * *"}]""", "batch/v1");
        Assert.Equal(before, Store.List("Job", "batch").Count(j => Name(j).StartsWith("nightly", StringComparison.Ordinal)));

        await PatchAsync("cronjobs", "batch", "nightly-settlement", """[{"op":"replace","path":"/spec/suspend","value":false}]""", "batch/v1");
        await Eventually.TrueAsync(() => Store.List("Job", "batch").Count(j => Name(j).StartsWith("nightly", StringComparison.Ordinal)) > before, "a job is made");
    }

    [Fact]
    public async Task CrashLoop_WhileNobodyMendsIt_StaysLive()
    {
        Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"crashing","namespace":"batch","uid":"11111111-2222-3333-4444-555555555555"},
             "spec":{"nodeName":"worker-1","restartPolicy":"Always","containers":[{"name":"main","image":"registry.shop.example/invoice-backfill:0.3.0"}]},"status":{"phase":"Pending"}}
            """)!);

        await Eventually.TrueAsync(() => Store.Get("Pod", "batch", "crashing")?["status"]?["containerStatuses"]?[0]?["restartCount"]?.GetValue<int>() >= 2, "it restarts again and again");
        var status = Store.Get("Pod", "batch", "crashing")!["status"]!["containerStatuses"]![0]!;
        Assert.StartsWith("fatal: stopped with code 1 token=CANARY-termination-", status["lastState"]!["terminated"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Store.Delete("Pod", "batch", "crashing");
        Assert.Empty(sandbox.Cluster.ControllerErrors);
    }

    private static string Name(JsonObject obj) => obj["metadata"]!["name"]!.GetValue<string>();

    private static string Image(JsonObject pod) => pod["spec"]!["containers"]![0]!["image"]!.GetValue<string>();

    private static string? Limit(JsonObject pod) => pod["spec"]!["containers"]![0]!["resources"]?["limits"]?["memory"]?.GetValue<string>();

    private static string? Waiting(JsonObject pod) => pod["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"]?.GetValue<string>();

    private List<JsonObject> Pods(string app) =>
        [.. Store.List("Pod", "shop").Where(p => p["metadata"]!["labels"]?["app"]?.GetValue<string>() == app && p["metadata"]!["deletionTimestamp"] is null)];

    private int Ready(string ns, string name) => Store.Get("Deployment", ns, name)!["status"]?["readyReplicas"]?.GetValue<int>() ?? 0;

    private Task HealthyAsync(string ns, string name) => Eventually.TrueAsync(
        () => Store.Get("Deployment", ns, name) is { } d
            && d["status"]?["readyReplicas"]?.GetValue<int>() == d["spec"]!["replicas"]!.GetValue<int>()
            && d["status"]?["updatedReplicas"]?.GetValue<int>() == d["spec"]!["replicas"]!.GetValue<int>()
            && d["status"]?["unavailableReplicas"] is null,
        $"{ns}/{name} is as wanted");

    private int Addresses(string ns, string service) => Store.List("EndpointSlice", ns)
        .Where(s => s["metadata"]!["labels"]!["kubernetes.io/service-name"]!.GetValue<string>() == service)
        .Sum(s => s["endpoints"]!.AsArray().Count(e => e!["conditions"]!["ready"]!.GetValue<bool>()));

    private async Task PatchAsync(string resource, string ns, string name, string patch, string group = "apps/v1")
    {
        var (status, body) = await sandbox.Agent.CallAsync(HttpMethod.Patch, $"apis/{group}/namespaces/{ns}/{resource}/{name}", JsonNode.Parse(patch), "application/json-patch+json");
        Assert.True(status == 200, body.ToJsonString());
    }
}
