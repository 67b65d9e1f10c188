using Anycast.Core.Agents.Install;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters;
using Anycast.Tests.Deploy;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Rights;

namespace Anycast.Tests.Agents;

/// <summary>What is made of an API server's word on the agent's rights.</summary>
public sealed class RightsJudgementTests
{
    private static readonly string[] s_codes =
        ["secrets", "configmaps", "logs", "exec", "identity", "templates", "workload_write", "node_write", "cluster_write", "rbac_write", "admission_write"];

    // code | group | resource | verb: one right of each sort that a page must not call impossible once it is held.
    public static TheoryData<string, string, string, string> Sorts => new()
    {
        { "secrets", "", "secrets", "get" },
        { "secrets", "", "secrets", "watch" },
        { "configmaps", "", "configmaps", "list" },
        { "logs", "", "pods/log", "get" },
        { "exec", "", "pods/exec", "get" },
        { "exec", "", "nodes/proxy", "get" },
        { "identity", "", "serviceaccounts/token", "create" },
        { "identity", "", "users", "impersonate" },
        { "templates", "apps", "controllerrevisions", "list" },
        { "workload_write", "apps", "deployments", "delete" },
        { "workload_write", "", "pods", "delete" },
        { "node_write", "", "pods/eviction", "create" },
        { "cluster_write", "", "namespaces", "delete" },
        { "rbac_write", "rbac.authorization.k8s.io", "clusterrolebindings", "create" },
        { "admission_write", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "update" },
    };

    [Fact]
    [PolicyClause("S07")]
    public void Of_TheDefaultManifest_IsReadingAndNothingElse()
    {
        var view = RightsJudgement.Of(Manifest(propose: false), ClusterAccessKind.ReadOnly, default, default);

        Assert.Empty(view.Held);
        Assert.Empty(view.Missing);
        Assert.Equal(s_codes, view.Denied);
        Assert.Equal(["workloads", "network", "storage", "cluster", "events", "metrics"], view.Reads.Select(r => r.Topic));
        Assert.Contains("Pod", view.Reads[0].Kinds);
    }

    [Fact]
    public void Of_TheProposingManifest_IsExcessOnlyWhereNothingMayBeProposed()
    {
        var report = Manifest(propose: true);

        var agreed = RightsJudgement.Of(report, ClusterAccessKind.Propose, default, default);
        Assert.Empty(agreed.Excess);
        Assert.Equal(["workload_write", "node_write"], agreed.Held.Select(h => h.Code));
        Assert.DoesNotContain("workload_write", agreed.Denied);

        Assert.Equal(["workload_write", "node_write"], RightsJudgement.Of(report, ClusterAccessKind.ReadOnly, default, default).Excess.Select(h => h.Code));
    }

    [Theory]
    [MemberData(nameof(Sorts))]
    [PolicyClause("S07")]
    public void Of_OneRightTooMany_IsExcessWhereItIsHeldAndNeverDenied(string code, string group, string resource, string verb)
    {
        var report = Manifest(propose: false);
        report = report with { Scopes = [.. report.Scopes, new ScopedRules("shop", [new RoleRule([group], [resource], [verb], [], [])])] };

        var view = RightsJudgement.Of(report, ClusterAccessKind.Propose, default, default);

        var held = Assert.Single(view.Excess);
        Assert.Equal((code, "shop"), (held.Code, Assert.Single(held.Namespaces)));
        Assert.Equal($"{verb} {resource}{(group.Length == 0 ? "" : "." + group)}", Assert.Single(held.Rights));
        Assert.Equal(s_codes.Except([code]), view.Denied);
    }

    [Fact]
    [PolicyClause("S07")]
    public void Of_AWildcard_CallsNothingImpossible()
    {
        var view = RightsJudgement.Of(new RightsReport(true, [new ScopedRules("", [new RoleRule(["*"], ["*"], ["*"], [], [])])]), ClusterAccessKind.Propose, default, default);

        Assert.Empty(view.Denied);
        Assert.Equal("wildcard", Assert.Single(view.Excess).Code);
        Assert.Empty(view.Missing);
    }

    [Fact]
    public void Of_NoWordAtAll_ClaimsNothing()
    {
        var view = RightsJudgement.Of(new RightsReport(false, []), ClusterAccessKind.ReadOnly, default, default);

        Assert.True(view.IsUnknown);
        Assert.Empty(view.Denied);
    }

    [Fact]
    public void Of_ARoleWithoutPods_NamesWhatStaysEmpty()
    {
        var report = Manifest(propose: false);
        var scopes = report.Scopes.Select(s => new ScopedRules(s.Namespace, [.. s.Rules.Select(r => r with { Resources = [.. r.Resources.Where(x => x != "pods")] })])).ToList();

        Assert.Equal(["Pod"], RightsJudgement.Of(report with { Scopes = scopes }, ClusterAccessKind.ReadOnly, default, default).Missing);
    }

    [Fact]
    [PolicyClause("S07")]
    public void Clean_OfNamesThatAreNone_KeepsTheRightAndWithholdsTheName()
    {
        const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
        var dirty = new RightsReport(true, [new ScopedRules("", [new RoleRule([""], ["secrets"], ["get"], [Jwt, "two words", "cluster-agent-credential"], ["/x y"])])]);

        var rule = RightsCheck.Clean(dirty).Scopes[0].Rules[0];

        Assert.Equal([$"«withheld:{Jwt.Length}»", "«withheld:9»", "cluster-agent-credential"], rule.Names);
        Assert.Equal("secrets", Assert.Single(rule.Resources));
        Assert.Equal("«withheld:4»", Assert.Single(rule.NonResourceUrls));
        Assert.Equal(RightsCheck.Clean(dirty).Scopes[0].Rules[0].Names, RightsCheck.Clean(RightsCheck.Clean(dirty)).Scopes[0].Rules[0].Names);
    }

    [Fact]
    public void Clean_OfMoreThanTheBounds_SaysThatItIsIncomplete()
    {
        var many = new RightsReport(true, [.. Enumerable.Range(0, RightsCheck.MostScopes + 1).Select(i => new ScopedRules($"ns-{i}", []))]);

        var clean = RightsCheck.Clean(many);

        Assert.False(clean.Complete);
        Assert.Equal(RightsCheck.MostScopes, clean.Scopes.Count);
    }

    private static RightsReport Manifest(bool propose)
    {
        var manifest = InstallManifest.Render(new InstallValues(new Uri("https://anycast.example.org"), "token", "image@sha256:" + new string('0', 64), propose));
        var roles = RoleReader.Documents(manifest).ToLookup(d => RoleReader.Text(d, "kind"));
        return new RightsReport(true, [
            new ScopedRules("", [.. roles["ClusterRole"].SelectMany(RoleReader.Rules)]),
            new ScopedRules("anycast-system", [.. roles["Role"].SelectMany(RoleReader.Rules)]),
        ]);
    }
}
