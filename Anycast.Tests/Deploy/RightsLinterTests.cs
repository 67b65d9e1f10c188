using Anycast.Core.Agents.Install;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Rights;

namespace Anycast.Tests.Deploy;

public sealed class RightsLinterTests
{
    // group | resource | verb | resource name: forty rights that no agent may hold by default.
    private static readonly string[] s_bad =
    [
        "*|*|*|", "|*|get|", "|pods|*|", "*|pods|get|", "apps|*|list|", "|secrets|get|", "|secrets|list|", "|secrets|watch|", "|secrets|patch|", "|secrets|patch|other",
        "|secrets|get|cluster-agent-credential", "|configmaps|get|", "|configmaps|list|", "|configmaps|patch|x", "|pods/log|get|", "|pods/exec|create|", "|pods/exec|get|", "|pods/attach|get|",
        "|pods/portforward|create|", "|pods/proxy|get|", "|pods/ephemeralcontainers|patch|", "|services/proxy|get|", "|nodes/proxy|get|", "|nodes/log|get|", "|serviceaccounts/token|create|",
        "|podtemplates|list|", "apps|controllerrevisions|get|", "certificates.k8s.io|certificatesigningrequests|create|", "rbac.authorization.k8s.io|clusterroles|escalate|",
        "rbac.authorization.k8s.io|clusterroles|bind|", "|users|impersonate|", "rbac.authorization.k8s.io|rolebindings|create|", "admissionregistration.k8s.io|mutatingwebhookconfigurations|update|",
        "apps|deployments|patch|", "apps|daemonsets|create|", "|pods|delete|", "|nodes|patch|", "|persistentvolumes|create|", "|namespaces|delete|", "coordination.k8s.io|leases|update|",
    ];

    public static TheoryData<string> BadRights => [.. s_bad];

    [Theory]
    [MemberData(nameof(BadRights))]
    [PolicyClause("S07")]
    public void Check_RightBeyondTheDefault_IsFound(string right)
    {
        var parts = right.Split('|');
        var rule = new RoleRule([parts[0]], [parts[1]], [parts[2]], parts[3].Length == 0 ? [] : [parts[3]], []);

        Assert.NotEmpty(RightsLinter.Check([rule]));
    }

    [Fact]
    public void BadRights_AreForty() => Assert.Equal(40, s_bad.Length);

    [Fact]
    [PolicyClause("S07")]
    public void Check_DefaultManifest_HoldsNothingInExcess()
    {
        var manifest = InstallManifest.Render(new InstallValues(new Uri("https://anycast.example.org"), "token", "registry.example.org/agent@sha256:" + new string('0', 64), Propose: false));

        var roles = RoleReader.Documents(manifest).Where(d => RoleReader.Text(d, "kind") is "Role" or "ClusterRole").ToList();

        Assert.Equal(2, roles.Count);
        Assert.Empty(roles.SelectMany(r => RightsLinter.Check(RoleReader.Rules(r))));
    }

    /// <summary>What a real API server gives each service account by its default roles (seen with Kubernetes 1.20; documented under "Default roles").</summary>
    [Fact]
    public void Check_DefaultRolesOfEveryServiceAccount_HoldNothingInExcess()
    {
        RoleRule[] rules =
        [
            new([], [], ["get"], [], ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]),
            new([], [], ["get"], [], ["/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/"]),
            new(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"], [], []),
            new(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"], [], []),
        ];

        Assert.Empty(RightsLinter.Check(rules));
        Assert.NotEmpty(RightsLinter.Check([new([], [], ["get"], [], ["/metrics"])]));
    }

    [Fact]
    public void Check_ManifestWithProposals_AddsPatchAndNothingElse()
    {
        var manifest = InstallManifest.Render(new InstallValues(new Uri("https://anycast.example.org"), "token", "image@sha256:" + new string('0', 64), Propose: true));

        var excess = RoleReader.Documents(manifest).Where(d => RoleReader.Text(d, "kind") is "Role" or "ClusterRole")
            .SelectMany(r => RightsLinter.Check(RoleReader.Rules(r))).ToList();

        Assert.NotEmpty(excess);
        Assert.All(excess, e => Assert.Equal("patch", e.Verb));
        Assert.DoesNotContain(excess, e => e.Code is "secrets" or "configmaps" or "exec" or "logs" or "identity" or "wildcard");
    }

    [Theory]
    [InlineData("logs", "logs")]
    [InlineData("configmap-data", "configmaps")]
    [InlineData("scale-restart", "workload_write")]
    [InlineData("node-maintenance", "node_write")]
    [InlineData("workload-write", "workload_write")]
    [InlineData("workload-write-ingresses", "workload_write")]
    [InlineData("workload-write-autoscalers", "workload_write")]
    [InlineData("workload-write-networkpolicies", "workload_write")]
    [InlineData("workload-write-pod-deletion", "workload_write")]
    public void Check_AddOn_IsFlaggedAsWhatItIs(string addOn, string code)
    {
        var role = RoleReader.Documents(File.ReadAllText(Repository.Path("deploy", "agent", "addons", addOn + ".yaml"))).First(d => RoleReader.Text(d, "kind") == "ClusterRole");

        Assert.Contains(RightsLinter.Check(RoleReader.Rules(role)), e => e.Code == code);
    }
}
