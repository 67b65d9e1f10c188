using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Schema;

namespace Anycast.Tests.Sandbox;

/// <summary>What a write may hold, by the schema of its kind.</summary>
[Collection(SandboxCollection.Name)]
public sealed class FieldValidationTests(SandboxFixture sandbox)
{
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public void Objects_OfTheScenario_HoldNothingTheirKindsDoNotHave()
    {
        var found = BuiltIn.All.Where(k => k.StoredAs is null)
            .SelectMany(kind => sandbox.Cluster.Store.List(kind.Kind).Select(o => (kind, obj: o.AsObject())))
            .SelectMany(x => FieldCheck.Prune(x.kind, x.obj).Select(path => $"{x.kind.Kind} {x.obj["metadata"]!["name"]}: {path}"))
            .ToList();

        Assert.Empty(found);
    }

    [Fact]
    public async Task Patch_UnknownField_IsDroppedAndNamedInAWarning()
    {
        using var request = Patch("apis/apps/v1/namespaces/shop/deployments/cart", """{"spec":{"template":{"spec":{"wheels":4}}}}""");
        using var response = await sandbox.Admin.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal("299 - \"unknown field \\\"spec.template.spec.wheels\\\"\"", Assert.Single(response.Headers.GetValues("Warning")));
        Assert.DoesNotContain("wheels", sandbox.Cluster.Store.Get("Deployment", "shop", "cart")!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patch_UnknownFieldUnderStrict_ChangesNothing()
    {
        var before = sandbox.Cluster.Store.Get("ConfigMap", "shop", "shop-settings")!.ToJsonString();

        var (status, body) = await sandbox.Admin.CallAsync(
            HttpMethod.Patch, "api/v1/namespaces/shop/configmaps/shop-settings?fieldValidation=Strict", JsonNode.Parse("""{"data":{"b":"c"},"wheels":4}"""), Merge);

        Assert.Equal(422, status);
        Assert.Contains("strict decoding error: unknown field \"wheels\"", body["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(before, sandbox.Cluster.Store.Get("ConfigMap", "shop", "shop-settings")!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"spec":{"replicas":"two"}}""", "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":1.5}}""", "cannot unmarshal number into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"metadata":{"labels":{"a":1}}}""", "cannot unmarshal number into Go struct field ObjectMeta.metadata.labels.a of type string")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":{}}}}}""", "cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []core.v1.Container")]
    public async Task Patch_ValueOfAnotherType_IsABadRequest(string patch, string why)
    {
        var (status, body) = await sandbox.Admin.CallAsync(HttpMethod.Patch, "apis/apps/v1/namespaces/shop/deployments/cart", JsonNode.Parse(patch), Merge);

        Assert.Equal(400, status);
        Assert.Contains(why, body["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_UndeclaredField_IsRefused()
    {
        var (status, body) = await sandbox.Admin.CallAsync(
            HttpMethod.Patch,
            "api/v1/namespaces/default/configmaps/undeclared?fieldManager=test",
            JsonNode.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"undeclared"},"wheels":4}"""),
            "application/apply-patch+yaml");

        Assert.Equal(500, status);
        Assert.Contains(".wheels: field not declared in schema", body["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(sandbox.Cluster.Store.Get("ConfigMap", "default", "undeclared"));
    }

    [Theory]
    [InlineData("not protobuf at all", "expected prefix")]
    [InlineData("k8s\0\n\u0010\n\u0002v1\u0012\u0009Namespace\u0012\u0040cut", "unexpected EOF")]
    [InlineData("k8s\0\n\u000b\n\u0002v1\u0012\u0005Wheel\u0012\u0000", "no kind \"Wheel\" is registered for version \"v1\"")]
    public async Task Post_DamagedProtobuf_IsABadRequest(string text, string why)
    {
        using var content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(text));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.kubernetes.protobuf");
        using var response = await sandbox.Admin.PostAsync(new Uri("api/v1/namespaces", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains(why, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static HttpRequestMessage Patch(string path, string body) => new(HttpMethod.Patch, path)
    {
        Content = new StringContent(body, System.Text.Encoding.UTF8, Merge),
    };
}
