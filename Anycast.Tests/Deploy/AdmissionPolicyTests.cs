using System.Text.Json.Nodes;
using Anycast.Sandbox;
using Anycast.Sandbox.Scenario;
using Anycast.Tests.Harness;
using Anycast.Tests.Sandbox;

namespace Anycast.Tests.Deploy;

/// <summary>
/// The admission policies of the add-ons: what RBAC can't say. Linted (schema, expressions, whom they bind), compared with a committed snapshot, and
/// tried on updates. <c>ANYCAST_UPDATE_SNAPSHOTS=1</c> writes the snapshot anew; read the difference.
/// </summary>
public sealed class AdmissionPolicyTests
{
    private const string Agent = "system:serviceaccount:anycast-system:cluster-agent";

    private static readonly Lazy<IReadOnlyList<JsonNode>> s_documents = new(() =>
        [.. Directory.GetFiles(Repository.Path("deploy", "agent"), "*.yaml", SearchOption.AllDirectories).Where(f => !f.Contains("templates", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .SelectMany(f => Yaml.ParseAll(File.ReadAllText(f))).Where(d => d["apiVersion"]?.GetValue<string>() == "admissionregistration.k8s.io/v1")]);

    public static TheoryData<string> Names => [.. Policies().Select(p => p.Name)];

    [Fact]
    public void Policies_OfTheAddOns_AreThoseThatAreKnown() => Assert.Equal(["cluster-agent-cordon-only", "cluster-agent-restart-only"], Policies().Select(p => p.Name).Order());

    [Theory]
    [MemberData(nameof(Names))]
    [PolicyClause("S07")]
    public void Policy_OfAnAddOn_HasNoFault(string name) => Assert.Empty(Policy(name).Faults(Agent, Bindings()));

    [Fact]
    public async Task Policies_AgainstTheSchemaOfTheApiServer_HaveNoUnknownField()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions { Controllers = false });
        using var admin = SandboxFixture.Client(sandbox, sandbox.AdminToken);
        foreach (var document in s_documents.Value)
        {
            var path = document["kind"]!.GetValue<string>() == "ValidatingAdmissionPolicy" ? "validatingadmissionpolicies" : "validatingadmissionpolicybindings";
            var (status, body) = await admin.CallAsync(HttpMethod.Post, $"apis/admissionregistration.k8s.io/v1/{path}?fieldValidation=Strict", document);
            Assert.True(status == 201, $"{document["metadata"]!["name"]}: {body}");
        }

        // The positive control: a field that is none is refused.
        var wrong = s_documents.Value[0].DeepClone();
        (wrong["metadata"]!["name"], wrong["spec"]!["failurePolicies"]) = ("wrong", "Fail");
        Assert.Equal(400, (await admin.CallAsync(HttpMethod.Post, "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies?fieldValidation=Strict", wrong)).Status);
    }

    [Fact]
    public void Policies_AsTheyDecide_AreThoseOfTheSnapshot()
    {
        var file = Repository.Path("Anycast.Tests", "Deploy", "admission-policies.snapshot.txt");
        var text = string.Join('\n', Policies().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => p.Snapshot()));
        if (Environment.GetEnvironmentVariable("ANYCAST_UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(file, text);
        }

        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), text);
    }

    // path of the field | its JSON, empty to remove it | whether the policy refuses.
    [Theory]
    [InlineData("spec.template.metadata.annotations", """{"kubectl.kubernetes.io/restartedAt":"2026-11-26T09:00:00Z","note":"a"}""", false)]
    [InlineData("spec.replicas", "5", false)]
    [InlineData("spec.template.metadata.annotations", """{"kubectl.kubernetes.io/restartedAt":"2026-11-26T09:00:00Z"}""", true)]
    [InlineData("spec.template.metadata.annotations", """{"note":"b"}""", true)]
    [InlineData("spec.template.metadata.annotations", """{"note":"a","inject":"x"}""", true)]
    [InlineData("spec.template.metadata.labels", """{"app":"web","sidecar":"inject"}""", true)]
    [InlineData("spec.template.spec.containers", """[{"name":"web","image":"evil"}]""", true)]
    [InlineData("spec.template.spec.serviceAccountName", "\"admin\"", true)]
    [InlineData("spec.template.spec.volumes", """[{"name":"s","secret":{"secretName":"db"}}]""", true)]
    [InlineData("spec.selector", """{"matchLabels":{"app":"other"}}""", true)]
    [InlineData("metadata.labels", """{"app":"web","x":"y"}""", true)]
    [InlineData("metadata.labels", "", true)]
    [InlineData("spec.template.metadata", "", true)]
    [InlineData("metadata.ownerReferences", """[{"apiVersion":"v1","kind":"ConfigMap","name":"gone","uid":"1"}]""", true)]
    [InlineData("metadata.finalizers", """["x/y"]""", true)]
    [InlineData("metadata.annotations", """{"x":"y"}""", true)]
    [InlineData("spec.strategy", """{"type":"Recreate"}""", true)]
    [InlineData("spec.updateStrategy", """{"type":"OnDelete"}""", true)]
    [InlineData("spec.paused", "true", true)]
    [InlineData("spec.revisionHistoryLimit", "0", true)]
    [PolicyClause("S07")]
    public void RestartOnly_OfAnUpdateByTheAgent_LetsARestartAndAScalePass(string path, string json, bool refused) => Try(
        "cluster-agent-restart-only",
        """
        {"metadata":{"labels":{"app":"web"}},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},
         "template":{"metadata":{"labels":{"app":"web"},"annotations":{"note":"a"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}}}
        """,
        path,
        json,
        refused);

    [Theory]
    [InlineData("spec.unschedulable", "true", false)]
    [InlineData("spec.taints", """[{"key":"gpu","effect":"NoSchedule"},{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"}]""", false)]
    [InlineData("spec.taints", """[{"key":"gpu","effect":"NoSchedule"},{"key":"mine","effect":"NoExecute"}]""", true)]
    [InlineData("spec.taints", """[{"key":"gpu","effect":"NoExecute"}]""", true)]
    [InlineData("spec.taints", """[{"key":"gpu","effect":"NoSchedule"},{"key":"node.kubernetes.io/unschedulable","effect":"NoExecute"}]""", true)]
    [InlineData("metadata.ownerReferences", """[{"apiVersion":"v1","kind":"ConfigMap","name":"gone","uid":"1"}]""", true)]
    [InlineData("metadata.finalizers", """["x/y"]""", true)]
    [InlineData("spec.taints", "[]", true)]
    [InlineData("spec.taints", "", true)]
    [InlineData("metadata.labels", """{"zone":"a","node-role.kubernetes.io/control-plane":""}""", true)]
    [InlineData("metadata.annotations", """{"x":"y"}""", true)]
    [PolicyClause("S07")]
    public void CordonOnly_OfAnUpdateByTheAgent_LetsACordonPass(string path, string json, bool refused) => Try(
        "cluster-agent-cordon-only", """{"metadata":{"labels":{"zone":"a"}},"spec":{"taints":[{"key":"gpu","effect":"NoSchedule"}]}}""", path, json, refused);

    [Theory]
    [InlineData("a ==")]
    [InlineData("has(object)")]
    [InlineData("object.all(x)")]
    [InlineData("object.filter(x, true)")]
    [InlineData("\"open")]
    [InlineData("a b")]
    [InlineData("(a")]
    [InlineData("a ? b")]
    public void Parse_OfWhatIsNoExpression_IsRefused(string text) => Assert.Throws<FormatException>(() => Cel.Parse(text));

    [Theory]
    [InlineData("failurePolicy", "\"Ignore\"", "failurePolicy")]
    [InlineData("matchConditions", "[]", "service account")]
    [InlineData("matchConditions", """[{"name":"a","expression":"request.userInfo.username != \"x\""}]""", "service account")]
    [InlineData("matchConstraints", """{"resourceRules":[{"apiGroups":["apps"],"apiVersions":["*"],"operations":["CREATE"],"resources":["deployments"]}]}""", "updates")]
    [InlineData("validations", """[{"expression":"variables.none == 1","message":"m"}]""", "variables.none")]
    [InlineData("validations", """[{"expression":"objekt.spec == 1","message":"m"}]""", "objekt")]
    [InlineData("validations", """[{"expression":"object.spec == 1"}]""", "message")]
    public void Faults_OfEachSort_AreFound(string field, string json, string fault)
    {
        var document = s_documents.Value.First(d => d["metadata"]!["name"]!.GetValue<string>() == "cluster-agent-restart-only" && d["kind"]!.GetValue<string>() == "ValidatingAdmissionPolicy").DeepClone();
        document["spec"]![field] = JsonNode.Parse(json);

        Assert.Contains(new AdmissionPolicy(document).Faults(Agent, Bindings()), f => f.Contains(fault, StringComparison.Ordinal));
        Assert.Contains(Policy("cluster-agent-restart-only").Faults(Agent, []), f => f.Contains("binding", StringComparison.Ordinal));
    }

    private static void Try(string policy, string before, string path, string json, bool refused)
    {
        var (old, updated) = (JsonNode.Parse(before)!, JsonNode.Parse(before)!);
        var parts = path.Split('.');
        var at = parts[..^1].Aggregate(updated, (node, part) => node[part]!);
        if (json.Length == 0)
        {
            at.AsObject().Remove(parts[^1]);
        }
        else
        {
            at[parts[^1]] = JsonNode.Parse(json);
        }

        Assert.Equal(refused, Policy(policy).Refusal(Agent, old, updated) is not null);

        // Nobody else is held by it.
        Assert.Null(Policy(policy).Refusal("system:serviceaccount:kube-system:deployment-controller", old, updated));
    }

    private static IEnumerable<AdmissionPolicy> Policies() => s_documents.Value.Where(d => d["kind"]!.GetValue<string>() == "ValidatingAdmissionPolicy").Select(d => new AdmissionPolicy(d));

    private static AdmissionPolicy Policy(string name) => Policies().Single(p => p.Name == name);

    private static IReadOnlyList<JsonNode> Bindings() => [.. s_documents.Value.Where(d => d["kind"]!.GetValue<string>() == "ValidatingAdmissionPolicyBinding")];
}
