using Anycast.Tests.Harness;

namespace Anycast.Tests.Sandbox;

/// <summary>The commands for which kubectl sends protobuf or reads the schema: create of built-in kinds, auth, explain.</summary>
[Collection(SandboxCollection.Name)]
public sealed class KubectlTypedTests(SandboxFixture sandbox)
{
    private readonly Kubectl _kubectl = sandbox.Kubectl;

    [Theory]
    [InlineData("deployment d --image=nginx:1.27 --replicas=3 --port=80", "deploy/d", "{.spec.replicas} {..image} {..containerPort}", "3 nginx:1.27 80")]
    [InlineData("job j --image=busybox -- sh -c true", "job/j", "{..command}", """["sh","-c","true"]""")]
    [InlineData("cronjob c --image=busybox --schedule=@hourly", "cronjob/c", "{.spec.schedule} {..image}", "@hourly busybox")]
    [InlineData("configmap m --from-literal=a=b", "cm/m", "{.data.a}", "b")]
    [InlineData("secret generic s --from-literal=a=b", "secret/s", "{.data.a} {.type}", "Yg== Opaque")]
    [InlineData("serviceaccount a", "sa/a", "{.metadata.name}", "a")]
    [InlineData("service clusterip x --tcp=80:web", "svc/x", "{..port} {..targetPort} {.spec.type}", "80 web ClusterIP")]
    [InlineData("role r --verb=get,list --resource=pods", "role/r", "{.rules[0].verbs}", """["get","list"]""")]
    [InlineData("ingress i --rule=a.example/x*=web:80", "ing/i", "{..path} {..service.port.number}", "/x 80")]
    [InlineData("quota q --hard=pods=7", "quota/q", "{.spec.hard.pods}", "7")]
    [InlineData("poddisruptionbudget p --selector=app=d --min-available=50%", "pdb/p", "{.spec.minAvailable}", "50%")]
    [InlineData("priorityclass zero --value=0", "pc/zero", "{.value}", "0")]
    public async Task Create_OfBuiltInKinds_StoresWhatItSays(string what, string target, string path, string expected)
    {
        var ns = "typed-" + target.Split('/')[0];
        await _kubectl.RunAsync($"create namespace {ns}");
        await Eventually.TrueAsync(() => sandbox.Cluster.Store.Get("ServiceAccount", ns, "default") is not null, "the default service account");

        await _kubectl.RunAsync($"-n {ns} create {what}");

        var output = path.Split(' ').Select(async p => (await _kubectl.RunAsync($"-n {ns} get {target} -o jsonpath={p}")).Trim());
        Assert.Equal(expected, string.Join(' ', await Task.WhenAll(output)));
    }

    [Theory]
    [InlineData("list pods -n shop", "yes", 0)]
    [InlineData("patch deployments.apps -n shop", "yes", 0)]
    [InlineData("get secrets -n shop", "no", 1)]
    [InlineData("create pods/exec -n shop", "no", 1)]
    [InlineData("get /metrics", "no", 1)]
    public async Task AuthCanI_AsTheAgent_SaysYesOrNo(string what, string expected, int exit)
    {
        var answer = await _kubectl.TryAsync($"auth can-i {what}", user: "agent");

        Assert.Equal((exit, expected), (answer.Exit, answer.Output.Trim()));
    }

    [Fact]
    public async Task AuthCanIList_AsTheAgent_ShowsItsRulesAndNoSecrets()
    {
        var list = await _kubectl.RunAsync("auth can-i --list -n shop", user: "agent");

        Assert.Matches(@"deployments\.apps\s+.*\[.*patch.*\]", list);
        Assert.DoesNotContain("secrets", list, StringComparison.Ordinal);
        Assert.Contains("system:serviceaccount:anycast-system:cluster-agent", await _kubectl.RunAsync("auth whoami", user: "agent"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pods", "FIELDS:", "spec\t<PodSpec>")]
    [InlineData("pods.spec.containers.resources.limits", "FIELD: limits <map[string]", "maximum amount of compute resources")]
    [InlineData("deployments.spec.strategy.rollingUpdate", "FIELD: rollingUpdate <RollingUpdateDeployment>", "maxSurge\t<")]
    [InlineData("pods.spec.volumes.secret.items", "FIELD: items <[]KeyToPath>", "Maps a string key to a path")]
    public async Task Explain_NestedFields_DescribesThem(string field, params string[] expected)
    {
        var text = await _kubectl.RunAsync($"explain {field}");

        Assert.All(expected, e => Assert.Contains(e, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Explain_UnknownField_SaysSo()
    {
        var (exit, _, error) = await _kubectl.TryAsync("explain pods.spec.wheels");

        Assert.Equal(1, exit);
        Assert.Contains("field \"wheels\" does not exist", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_UnknownField_IsRefusedUnlessValidationIsOff()
    {
        const string Map = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"typed-strict","namespace":"default"},"dota":{"a":"b"}}""";

        var strict = await _kubectl.TryAsync("apply -f -", Map);
        var warned = await _kubectl.TryAsync("apply --validate=warn -f -", Map);

        Assert.Contains("unknown field \"dota\"", strict.Error, StringComparison.Ordinal);
        Assert.Equal((1, 0), (strict.Exit, warned.Exit));
        Assert.Contains("Warning: unknown field \"dota\"", warned.Error, StringComparison.Ordinal);
        Assert.False(sandbox.Cluster.Store.Get("ConfigMap", "default", "typed-strict")!.AsObject().ContainsKey("dota"));
    }

    [Fact]
    public async Task CreateToken_OfAServiceAccount_IsGoodForItsRights()
    {
        var token = (await _kubectl.RunAsync("create token default -n shop")).Trim();
        using var client = SandboxFixture.Client(sandbox.Cluster, token);

        var (status, body) = await client.CallAsync(HttpMethod.Get, "api/v1/namespaces/shop/pods");

        Assert.Equal(403, status);
        Assert.Contains("system:serviceaccount:shop:default", body["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
