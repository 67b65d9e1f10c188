using System.Net;
using System.Text.Json.Nodes;
using Anycast.Sandbox;
using Anycast.Sandbox.Serving;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Sandbox;

/// <summary>The API's semantics, over real HTTP.</summary>
[Collection(SandboxCollection.Name)]
public sealed class ApiTests(SandboxFixture sandbox)
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io";

    private readonly HttpClient _admin = sandbox.Admin;

    private SandboxStore Store => sandbox.Cluster.Store;

    [Fact]
    public async Task Get_WithoutToken_AnswersStatus401()
    {
        using var nobody = SandboxFixture.Client(sandbox.Cluster, "wrong");

        var (status, body) = await nobody.CallAsync(HttpMethod.Get, "api/v1/pods");

        Assert.Equal(401, status);
        Assert.Equal("Status", body["kind"]!.GetValue<string>());
    }

    [Fact]
    public async Task Get_MissingObject_AnswersStatus404InKubernetesWords()
    {
        var (status, body) = await _admin.CallAsync(HttpMethod.Get, "apis/apps/v1/namespaces/shop/deployments/nothing");

        Assert.Equal(404, status);
        Assert.Equal("deployments.apps \"nothing\" not found", body["message"]!.GetValue<string>());
        Assert.Equal("NotFound", body["reason"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("api/v1/secrets", "secrets is forbidden: User \"system:serviceaccount:anycast-system:cluster-agent\" cannot list resource \"secrets\" in API group \"\" at the cluster scope")]
    [InlineData("api/v1/namespaces/shop/configmaps/shop-settings", "configmaps \"shop-settings\" is forbidden: User \"system:serviceaccount:anycast-system:cluster-agent\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"shop\"")]
    [InlineData("api/v1/namespaces/shop/pods/x/log", "pods \"x\" is forbidden: User \"system:serviceaccount:anycast-system:cluster-agent\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"shop\"")]
    public async Task Get_AgentWithoutTheRight_AnswersStatus403(string path, string message)
    {
        var (status, body) = await sandbox.Agent.CallAsync(HttpMethod.Get, path);

        Assert.Equal(403, status);
        Assert.Equal(message, body["message"]!.GetValue<string>());
        Assert.Equal("Forbidden", body["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Patch_AgentsOwnCredential_IsTheOnlySecretItMayTouch()
    {
        var patch = JsonNode.Parse("""{"metadata":{"labels":{"rotated":"yes"}}}""");

        var (own, _) = await sandbox.Agent.CallAsync(HttpMethod.Patch, "api/v1/namespaces/anycast-system/secrets/cluster-agent-credential", patch, "application/merge-patch+json");
        var (other, _) = await sandbox.Agent.CallAsync(HttpMethod.Patch, "api/v1/namespaces/shop/secrets/shop-database", patch, "application/merge-patch+json");
        var (read, _) = await sandbox.Agent.CallAsync(HttpMethod.Get, "api/v1/namespaces/anycast-system/secrets/cluster-agent-credential");

        Assert.Equal((200, 403, 403), (own, other, read));
    }

    [Fact]
    public async Task Put_StaleResourceVersion_AnswersConflict()
    {
        var map = await CreateMapAsync("stale");
        var fresh = map.DeepClone();
        fresh["data"] = new JsonObject { ["a"] = "2" };
        await _admin.CallAsync(HttpMethod.Put, "api/v1/namespaces/default/configmaps/stale", fresh);

        var (status, body) = await _admin.CallAsync(HttpMethod.Put, "api/v1/namespaces/default/configmaps/stale", map);

        Assert.Equal(409, status);
        Assert.StartsWith("Operation cannot be fulfilled on configmaps \"stale\": the object has been modified", body["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_ExistingName_AnswersAlreadyExists()
    {
        await CreateMapAsync("twice");

        var (status, body) = await _admin.CallAsync(HttpMethod.Post, "api/v1/namespaces/default/configmaps", Map("twice"));

        Assert.Equal((409, "AlreadyExists"), (status, body["reason"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/spec/replicas","value":-1}]""", 422)]
    [InlineData("""[{"op":"replace","path":"/spec/replicas","value":"many"}]""", 400)]
    [InlineData("""[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":""}]""", 422)]
    [InlineData("""[{"op":"replace","path":"/spec/selector/matchLabels","value":{"app":"other"}}]""", 422)]
    [InlineData("""[{"op":"add","path":"/spec/template/spec/containers/0/resources/requests/memory","value":"9Gi"}]""", 422)]
    [InlineData("""[{"op":"test","path":"/spec/replicas","value":99}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/spec/nothing"}]""", 422)]
    public async Task Patch_InvalidResult_IsRefusedAndStoresNothing(string patch, int expected)
    {
        var before = Store.Get("Deployment", "shop", "cart")!.ToJsonString();

        var (status, body) = await _admin.CallAsync(HttpMethod.Patch, "apis/apps/v1/namespaces/shop/deployments/cart?fieldValidation=Strict", JsonNode.Parse(patch), "application/json-patch+json");

        Assert.True(expected == status, body.ToJsonString());
        Assert.Equal("Failure", body["status"]!.GetValue<string>());
        Assert.Equal(before, Store.Get("Deployment", "shop", "cart")!.ToJsonString());
    }

    [Fact]
    public async Task Patch_DryRun_AnswersTheResultAndStoresNothing()
    {
        var before = Store.Get("Deployment", "shop", "catalog")!;
        var version = Store.ResourceVersion;

        var (status, body) = await sandbox.Agent.CallAsync(
            HttpMethod.Patch, "apis/apps/v1/namespaces/shop/deployments/catalog?dryRun=All", JsonNode.Parse("""{"spec":{"replicas":7}}"""), "application/merge-patch+json");

        Assert.Equal(200, status);
        Assert.Equal(7, body["spec"]!["replicas"]!.GetValue<int>());
        Assert.Equal(before["metadata"]!["generation"]!.GetValue<long>() + 1, body["metadata"]!["generation"]!.GetValue<long>());
        Assert.Equal(before.ToJsonString(), Store.Get("Deployment", "shop", "catalog")!.ToJsonString());
        Assert.True(version <= Store.ResourceVersion);
    }

    [Fact]
    public async Task Generation_StatusOrLabelChanges_StaysAndSpecChangeCounts()
    {
        long Generation() => Store.Get("Deployment", "shop", "storefront")!["metadata"]!["generation"]!.GetValue<long>();
        var before = Generation();

        await _admin.CallAsync(HttpMethod.Patch, "apis/apps/v1/namespaces/shop/deployments/storefront", JsonNode.Parse("""{"metadata":{"labels":{"x":"y"}}}"""), "application/merge-patch+json");
        await _admin.CallAsync(HttpMethod.Patch, "apis/apps/v1/namespaces/shop/deployments/storefront/status", JsonNode.Parse("""{"status":{"collisionCount":1}}"""), "application/merge-patch+json");
        Assert.Equal(before, Generation());

        await _admin.CallAsync(HttpMethod.Patch, "apis/apps/v1/namespaces/shop/deployments/storefront", JsonNode.Parse("""{"spec":{"revisionHistoryLimit":9}}"""), "application/merge-patch+json");
        Assert.Equal(before + 1, Generation());
    }

    [Fact]
    public async Task List_LimitAndContinue_GivesEveryObjectOnce()
    {
        var names = new List<string>();
        var next = "";
        var pages = 0;
        do
        {
            var page = await _admin.ReadAsync($"api/v1/pods?limit=7&continue={Uri.EscapeDataString(next)}");
            names.AddRange(page["items"]!.AsArray().Select(i => $"{i!["metadata"]!["namespace"]}/{i["metadata"]!["name"]}"));
            next = page["metadata"]!["continue"]?.GetValue<string>() ?? "";
            pages++;
        }
        while (next.Length > 0);

        Assert.True(pages > 3);
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Theory]
    [InlineData("api/v1/pods?labelSelector=app%3Dcheckout", 1)]
    [InlineData("api/v1/pods?labelSelector=app%20in%20(cart,catalog)", 4)]
    [InlineData("api/v1/pods?fieldSelector=spec.nodeName%3Dnowhere", 0)]
    [InlineData("api/v1/namespaces/shop/services?fieldSelector=metadata.name%3Dcart", 1)]
    [InlineData("api/v1/events?fieldSelector=type%3DWarning,involvedObject.kind%3DPersistentVolumeClaim", 1)]
    public async Task List_Selectors_Select(string path, int least)
    {
        var items = (await _admin.ReadAsync(path))["items"]!.AsArray();

        Assert.True(least == 0 ? items.Count == 0 : items.Count >= least);
    }

    [Fact]
    public async Task List_UnknownFieldSelector_IsABadRequest()
    {
        var (status, body) = await _admin.CallAsync(HttpMethod.Get, "api/v1/pods?fieldSelector=spec.image%3Dx");

        Assert.Equal((400, "field label not supported: spec.image"), (status, body["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task List_AsTableAndAsMetadata_HasThatForm()
    {
        var table = await _admin.ReadAsync("api/v1/namespaces/shop/pods", Table);
        var metadata = await _admin.ReadAsync("api/v1/namespaces/shop/pods", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");

        Assert.Equal("Table", table["kind"]!.GetValue<string>());
        Assert.Equal(table["columnDefinitions"]!.AsArray().Count, table["rows"]![0]!["cells"]!.AsArray().Count);
        Assert.Equal("PartialObjectMetadata", table["rows"]![0]!["object"]!["kind"]!.GetValue<string>());
        Assert.Equal("PartialObjectMetadataList", metadata["kind"]!.GetValue<string>());
        Assert.Null(metadata["items"]![0]!["spec"]);
    }

    [Fact]
    public async Task Events_OfBothGroups_AreTheSameObjects()
    {
        var core = await _admin.ReadAsync("api/v1/namespaces/data/events?fieldSelector=reason%3DProvisioningFailed");
        var events = await _admin.ReadAsync("apis/events.k8s.io/v1/namespaces/data/events?fieldSelector=reason%3DProvisioningFailed");

        Assert.Equal(core["items"]![0]!["metadata"]!["uid"]!.GetValue<string>(), events["items"]![0]!["metadata"]!["uid"]!.GetValue<string>());
        Assert.Equal(core["items"]![0]!["message"]!.GetValue<string>(), events["items"]![0]!["note"]!.GetValue<string>());
    }

    [Fact]
    public async Task Pod_AsServed_HasManagedFieldsAsInReality()
    {
        var pod = Store.List("Pod", "shop").First(p => p["status"]!["phase"]!.GetValue<string>() == "Running");
        var entries = pod["metadata"]!["managedFields"]!.AsArray();

        Assert.Contains(entries, e => e!["manager"]!.GetValue<string>() == "kube-controller-manager" && e["fieldsV1"]!["f:spec"] is not null);
        Assert.Contains(entries, e => e!["manager"]!.GetValue<string>() == "kubelet" && e["subresource"]!.GetValue<string>() == "status");
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Rights_OfTheAgent_AreReported()
    {
        var review = new JsonObject { ["kind"] = "SelfSubjectRulesReview", ["apiVersion"] = "authorization.k8s.io/v1", ["spec"] = new JsonObject { ["namespace"] = "shop" } };
        var (status, body) = await sandbox.Agent.CallAsync(HttpMethod.Post, "apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review);

        Assert.Equal(201, status);
        Assert.Contains(body["status"]!["resourceRules"]!.AsArray(), r => r!["resources"]!.AsArray().Any(x => x!.GetValue<string>() == "deployments/scale"));
        Assert.DoesNotContain(body["status"]!["resourceRules"]!.AsArray(), r => r!["resources"]!.AsArray().Any(x => x!.GetValue<string>() is "secrets" or "*"));
    }

    [Fact]
    public async Task Eviction_BudgetExhausted_AnswersTooManyRequests()
    {
        var body = new JsonObject { ["kind"] = "Eviction", ["apiVersion"] = "policy/v1", ["metadata"] = new JsonObject { ["name"] = "postgres-0", ["namespace"] = "data" } };

        var (status, answer) = await sandbox.Agent.CallAsync(HttpMethod.Post, "api/v1/namespaces/data/pods/postgres-0/eviction", body);

        Assert.Equal((429, "TooManyRequests"), (status, answer["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Requests_AreRecordedWithUserAndVerb()
    {
        await sandbox.Agent.ReadAsync("api/v1/namespaces/shop/pods?limit=1");

        Assert.Contains(sandbox.Cluster.Requests.ByAgent(), r => r is { Verb: "list", Resource: "pods", Namespace: "shop", Query: "?limit=1", Status: 200 });
    }

    [Fact]
    public async Task Faults_SwitchedOn_HitOnlyWhatTheyMatch()
    {
        static bool Services(RecordedRequest r) => r is { Resource: "services", Namespace: "monitoring" };
        using (sandbox.Cluster.Faults.Fail(429, Services, times: 1))
        {
            Assert.Equal(429, (await _admin.CallAsync(HttpMethod.Get, "api/v1/namespaces/monitoring/services")).Status);
            Assert.Equal(200, (await _admin.CallAsync(HttpMethod.Get, "api/v1/namespaces/monitoring/services")).Status);
        }

        using (sandbox.Cluster.Faults.Add(new Fault { TruncateAfter = 100, Matches = Services }))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => _admin.CallAsync(HttpMethod.Get, "api/v1/namespaces/monitoring/services"));
        }

        var stalled = sandbox.Cluster.Faults.Stall(Services);
        var waiting = _admin.CallAsync(HttpMethod.Get, "api/v1/namespaces/monitoring/services");
        await Eventually.TrueAsync(() => sandbox.Cluster.Requests.Snapshot().Any(r => Services(r) && !r.Finished), "the request is there");
        Assert.False(waiting.IsCompleted);
        stalled.Dispose();
        Assert.Equal(200, (await waiting).Status);
    }

    [Fact]
    public async Task Http_BothVersions_AreServed()
    {
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "version") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await _admin.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    private static JsonObject Map(string name) => new()
    {
        ["kind"] = "ConfigMap",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["data"] = new JsonObject { ["a"] = "1" },
    };

    private async Task<JsonNode> CreateMapAsync(string name)
    {
        var (status, body) = await _admin.CallAsync(HttpMethod.Post, "api/v1/namespaces/default/configmaps", Map(name));
        Assert.Equal(201, status);
        return body;
    }
}
