using System.Text.Json;
using Anycast.Tests.Tunnel;
using Anycast.Tunnel.Operations;
using Microsoft.AspNetCore.Http;

namespace Anycast.Tests.Agent;

/// <summary>Operations through the tunnel: what reaches the API server, what is shown, what is refused.</summary>
public sealed class OperationTests
{
    private const string Uid = "00000000-0000-4000-8000-0000000000aa";
    private const string ImagePath = "spec.template.spec.containers[checkout].image";

    private static readonly OperationTarget Target = new("apps", "Deployment", "shop", "checkout");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DryRun_OfAnImage_TestsWhatIsThereAndShowsTheDiff()
    {
        await using var api = await ScriptedApi.StartAsync(new Store().AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var result = await world.Client.OperateAsync(Set(ImagePath, "shop/checkout:2", dryRun: true), Ct);

        Assert.Equal(OperationStatus.Applied, result.Status);
        Assert.Equal((Uid, 7L), (result.Uid, result.Generation));
        Assert.Contains(new LeafDiff(ImagePath, "shop/checkout:1", "shop/checkout:2", true), result.Diff!);
        Assert.DoesNotContain(result.Diff!, d => (d.Before + d.After + d.Path).Contains("canary", StringComparison.Ordinal));
        var patch = api.Calls.Single(c => c.Method == "PATCH");
        Assert.Contains("dryRun=All", patch.Target, StringComparison.Ordinal);
        using var operations = JsonDocument.Parse(patch.Body);
        Assert.Equal(
            ["test /metadata/uid", "test /metadata/generation", "test /spec/template/spec/containers/0/name", "test /spec/template/spec/containers/0/image", "replace /spec/template/spec/containers/0/image"],
            operations.RootElement.EnumerateArray().Select(o => $"{o.GetProperty("op")} {o.GetProperty("path")}"));
    }

    [Fact]
    public async Task DryRun_WhenAdmissionChangesWhatMayNotBeShown_ListsItAsWithheld()
    {
        var store = new Store { Mutate = json => json.Replace("canary-env", "canary-other", StringComparison.Ordinal).Replace("\"revisionHistoryLimit\":3", "\"revisionHistoryLimit\":5", StringComparison.Ordinal) };
        await using var api = await ScriptedApi.StartAsync(store.AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var result = await world.Client.OperateAsync(Set(ImagePath, "shop/checkout:2", dryRun: true), Ct);

        Assert.Contains(new LeafDiff("spec.revisionHistoryLimit", "3", "5", false), result.Diff!);
        Assert.Contains(result.Diff!, d => d is { Path: "spec.template.spec.containers[checkout].env[A].value", Before: "«withheld:10»", After: "«withheld:12»", Requested: false });
        Assert.DoesNotContain(result.Diff!, d => (d.Before + d.After).Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DryRun_OfAnAbsentLimit_AddsItsParents()
    {
        await using var api = await ScriptedApi.StartAsync(new Store().AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var result = await world.Client.OperateAsync(Set("spec.template.spec.containers[checkout].resources.limits[memory]", "256Mi", dryRun: true), Ct);

        Assert.Equal((OperationStatus.Applied, null), (result.Status, result.Reason));
        var body = api.Calls.Single(c => c.Method == "PATCH").Body;
        Assert.Contains("""{"op":"add","path":"/spec/template/spec/containers/0/resources","value":{}}""", body, StringComparison.Ordinal);
        Assert.Contains("""{"op":"add","path":"/spec/template/spec/containers/0/resources/limits/memory","value":"256Mi"}""", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execution_Approved_IsAppliedOnceAndItsNonceNeverAgain()
    {
        await using var api = await ScriptedApi.StartAsync(new Store().AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        var approved = new OperationRequest(OperationNames.Scale, Target with { Uid = Uid, Generation = 7 }, [new LeafChange("spec.replicas", "3")], false, "nonce-1", ["2"]);

        var first = await world.Client.OperateAsync(approved, Ct);
        var second = await world.Client.OperateAsync(approved, Ct);

        Assert.Equal(OperationStatus.Applied, first.Status);
        Assert.Equal(OperationStatus.Replayed, second.Status);
        Assert.Single(api.Calls, c => c.Method == "PATCH");
    }

    [Theory]
    [InlineData("spec.replicas", "3", "other-uid", 7L, "2", OperationStatus.Changed)]
    [InlineData("spec.replicas", "3", Uid, 6L, "2", OperationStatus.Changed)]
    [InlineData("spec.replicas", "3", Uid, 7L, "4", OperationStatus.Changed)]
    [InlineData("spec.replicas", "-1", Uid, 7L, "2", OperationStatus.Invalid)]
    [InlineData("spec.replicas", "«withheld:3»", Uid, 7L, "2", OperationStatus.Invalid)]
    [InlineData("spec.template.spec.serviceAccountName", "admin", Uid, 7L, null, OperationStatus.Forbidden)]
    [InlineData("spec.template.spec.containers[checkout].command[0]", "sh", Uid, 7L, null, OperationStatus.Forbidden)]
    [InlineData("metadata.annotations[x]", "sh", Uid, 7L, null, OperationStatus.Forbidden)]
    [InlineData("spec.template.spec.containers[nobody].image", "a:1", Uid, 7L, null, OperationStatus.Invalid)]
    public async Task Execution_NotAsApproved_IsRefusedWithoutAPatch(string path, string value, string uid, long generation, string? expected, OperationStatus status)
    {
        await using var api = await ScriptedApi.StartAsync(new Store().AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var result = await world.Client.OperateAsync(new OperationRequest(OperationNames.Patch, Target with { Uid = uid, Generation = generation }, [new LeafChange(path, value)], false, "n", [expected]), Ct);

        Assert.Equal(status, result.Status);
        Assert.DoesNotContain(api.Calls, c => c.Method == "PATCH");
    }

    [Fact]
    public async Task Execution_WithoutApproval_IsRefused()
    {
        await using var api = await ScriptedApi.StartAsync(new Store().AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var withoutNonce = await world.Client.OperateAsync(Set("spec.replicas", "3", dryRun: false), Ct);
        var secret = await world.Client.OperateAsync(Set("data[x]", "eA==", dryRun: true) with { Target = new OperationTarget("", "Secret", "shop", "db") }, Ct);

        Assert.Equal(("NotApproved", OperationStatus.Forbidden), (withoutNonce.Reason, secret.Status));
        Assert.Empty(api.Calls);
    }

    [Theory]
    [InlineData(403, """{"kind":"Status","message":"deployments.apps \"checkout\" is forbidden: User \"agent\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"shop\"","reason":"Forbidden","code":403}""", OperationStatus.Forbidden, "Forbidden")]
    [InlineData(403, """{"kind":"Status","message":"admission webhook \"x\" denied: canary","reason":"Forbidden","code":403}""", OperationStatus.Invalid, "AdmissionRefused")]
    [InlineData(422, """{"kind":"Status","message":"canary","reason":"Invalid","code":422}""", OperationStatus.Invalid, "Invalid")]
    [InlineData(409, """{"kind":"Status","reason":"Conflict","code":409}""", OperationStatus.Changed, "Conflict")]
    [InlineData(404, """{"kind":"Status","reason":"NotFound","code":404}""", OperationStatus.NotFound, "NotFound")]
    [InlineData(500, "canary", OperationStatus.Unavailable, "ApiServerUnavailable")]
    public async Task ApiServer_ThatRefuses_IsSaidInAWord(int code, string status, OperationStatus expected, string reason)
    {
        var store = new Store();
        await using var api = await ScriptedApi.StartAsync((c, call) => call.Method == "PATCH" ? ScriptedApi.JsonAsync(c, status, code) : store.AnswerAsync(c, call));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var result = await world.Client.OperateAsync(Set("spec.replicas", "3", dryRun: true), Ct);

        Assert.Equal((expected, reason), (result.Status, result.Reason));
    }

    [Fact]
    public void Answer_OfAHostileAgent_ShowsOnlyWhatTheAllowListKnows()
    {
        var request = Set("spec.replicas", "3", dryRun: true);
        var answer = new OperationResult(OperationStatus.Applied, Uid, 7,
        [
            new LeafDiff("spec.replicas", "2", "canary", true),
            new LeafDiff("spec.template.spec.containers[checkout].env[A].value", "canary", "«withheld:3»", false),
            new LeafDiff("spec.template.metadata.labels[app]", "shop", "password=canary", false),
            new LeafDiff("spec.template.spec.containers[checkout].command[0]", "sh", "/bin/sh -c canary", false),
        ], "canary says");

        var (result, withheld) = DiffCheck.Check(request, answer);

        Assert.Equal(4, withheld);
        Assert.Equal(
            [
                new LeafDiff("spec.replicas", "2", "3", true),
                new LeafDiff("spec.template.spec.containers[checkout].env[A].value", "«withheld:6»", "«withheld:3»", false),
                new LeafDiff("spec.template.metadata.labels[app]", "shop", "«withheld:15»", false),
                new LeafDiff("spec.template.spec.containers[checkout].command[0]", "sh", "«withheld:17»", false),
            ],
            result.Diff!);
        Assert.Equal("«withheld:11»", result.Reason);
    }

    private static OperationRequest Set(string path, string value, bool dryRun) => new(OperationNames.Patch, Target, [new LeafChange(path, value)], dryRun);

    /// <summary>One Deployment; a patch answers with the new image, and with what <see cref="Mutate"/> makes of the rest.</summary>
    private sealed class Store
    {
        private const string Json = """
            {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"checkout","namespace":"shop","uid":"00000000-0000-4000-8000-0000000000aa","generation":7,"resourceVersion":"100","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"canary"}},"spec":{"replicas":2,"revisionHistoryLimit":3,"template":{"metadata":{"labels":{"app":"checkout"}},"spec":{"containers":[{"name":"checkout","image":"shop/checkout:1","env":[{"name":"A","value":"canary-env"}]}]}}}}
            """;

        public Func<string, string> Mutate { get; init; } = json => json;

        public Task AnswerAsync(HttpContext context, ApiCall call) => ScriptedApi.JsonAsync(
            context,
            call.Method == "PATCH" ? Mutate(Json.Replace("checkout:1", "checkout:2", StringComparison.Ordinal).Replace("\"generation\":7", "\"generation\":8", StringComparison.Ordinal)) : Json);
    }
}
