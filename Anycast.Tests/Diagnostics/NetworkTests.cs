using Anycast.Tunnel.Operations;
using k8s.Models;
using static Anycast.Tests.Diagnostics.Objects;

namespace Anycast.Tests.Diagnostics;

public class NetworkTests
{
    private static readonly V1IngressClass Nginx = new() { Metadata = new V1ObjectMeta { Name = "nginx", Uid = "uid-nginx" } };

    [Fact]
    public void Service_SelectorMistyped_IsSetToTheWorkloadsLabel()
    {
        var (deployment, sets) = Workload("catalog", Container(port: 8080));
        var pod = Pod("catalog-1", Container(port: 8080), Running(true), sets[0], ready: true);
        var service = Service("catalog", new() { ["app"] = "catalogue" });
        var finding = Only(Snapshot([pod], [deployment], sets, services: [service]));
        Assert.Equal("ServiceSelectorDiffers", finding.Rule);
        Assert.Equal("app: catalogue ≠ catalog", finding.Args["differs"]);
        Assert.Equal([new LeafChange("spec.selector[app]", "catalog")], finding.Fix!.Leaves);
    }

    [Fact]
    public void Service_TwoWorkloadsEquallyNear_SuggestsNothing()
    {
        var labels = new Dictionary<string, string> { ["part-of"] = "shop", ["app"] = "a" };
        var other = new Dictionary<string, string> { ["part-of"] = "shop", ["app"] = "b" };
        var (one, setsOne) = Workload("first", Container(), labels: labels);
        var (two, setsTwo) = Workload("second", Container(), labels: other);
        var pods = new[] { Pod("first-1", Container(), Running(true), setsOne[0], ready: true), Pod("second-1", Container(), Running(true), setsTwo[0], ready: true) };
        var finding = Only(Snapshot(pods, [one, two], [.. setsOne, .. setsTwo], services: [Service("front", new() { ["part-of"] = "shop", ["app"] = "zzz" })]));
        Assert.Equal("ServiceSelectsNothing", finding.Rule);
        Assert.Null(finding.Fix);
    }

    [Fact]
    public void Service_PodsNotReadBecauseForbidden_ConcludesNothing() =>
        Assert.Empty(Rules(Snapshot(services: [Service("catalog", new() { ["app"] = "catalog" })], complete: ["Service", "Deployment", "StatefulSet", "DaemonSet"])));

    [Fact]
    public void Service_WithoutSelectorOrExternalName_FindsNothing() =>
        Assert.Empty(Rules(Snapshot(services: [Service("manual", null), Service("external", new() { ["app"] = "x" }, type: "ExternalName")])));

    [Fact]
    public void Service_ItsPodsCrash_IsASymptomBehindTheCause()
    {
        var (deployment, sets) = Workload("cart", Container(port: 8080));
        var pod = Pod("cart-1", Container(port: 8080), Waiting("CrashLoopBackOff", restarts: 5, last: Ended(1)), sets[0]);
        var findings = Diagnose(Snapshot([pod], [deployment], sets, services: [Service("cart", new() { ["app"] = "cart" })])).Findings;
        Assert.Equal(["CrashApplication", "ServiceNoneReady"], findings.Select(f => f.Rule));
        Assert.True(findings[1].Symptom);
        Assert.Equal(findings[0].Subject, findings[1].CausedBy[0]);
    }

    [Fact]
    public void Service_TargetPortNobodyDeclares_IsSetToTheOnlyDeclaredOne()
    {
        var pod = Pod("web-1", Container(port: 3000), Running(true), labels: new() { ["app"] = "web" }, ready: true);
        var finding = Only(Snapshot([pod], services: [Service("web", new() { ["app"] = "web" }, target: "http")]));
        Assert.Equal("ServicePortUnknown", finding.Rule);
        Assert.Equal("3000", finding.Fix!.Leaves[0].Value);
    }

    [Fact]
    public void Service_Healthy_FindsNothing()
    {
        var pod = Pod("web-1", Container(port: 8080), Running(true), labels: new() { ["app"] = "web" }, ready: true);
        Assert.Empty(Rules(Snapshot([pod], services: [Service("web", new() { ["app"] = "web" })])));
    }

    [Fact]
    public void Ingress_BackendMistyped_IsSetToTheServiceNamedAlikeThatHasThePort()
    {
        var service = Service("frontend", null);
        var wrongPort = Service("frontends", null, port: 9000);
        var finding = Only(Snapshot(services: [service, wrongPort], ingresses: [Ingress("shop", "frontend-svc")], classes: [Nginx]));
        Assert.Equal("IngressBackendMissing", finding.Rule);
        Assert.Equal([new LeafChange("spec.rules[0].http.paths[0].backend.service.name", "frontend")], finding.Fix!.Leaves);
    }

    [Fact]
    public void Ingress_NoServiceNamedAlike_SuggestsNothing() =>
        Assert.Null(Only(Snapshot(services: [Service("billing", null)], ingresses: [Ingress("shop", "frontend")], classes: [Nginx])).Fix);

    [Fact]
    public void Ingress_ServicesNotRead_ConcludesNothing() =>
        Assert.Empty(Rules(Snapshot(ingresses: [Ingress("shop", "frontend")], classes: [Nginx], complete: ["IngressClass"])));

    [Fact]
    public void Ingress_WrongPort_IsFound()
    {
        var finding = Only(Snapshot(services: [Service("frontend", null, port: 8080)], ingresses: [Ingress("shop", "frontend")], classes: [Nginx]));
        Assert.Equal(("IngressPortMissing", "8080"), (finding.Rule, finding.Fix!.Leaves[0].Value));
    }

    [Fact]
    public void Ingress_ClassMissing_NamesTheOnesThereAre()
    {
        var finding = Only(Snapshot(services: [Service("frontend", null)], ingresses: [Ingress("shop", "frontend", ingressClass: "ngnix")], classes: [Nginx]));
        Assert.Equal(("IngressClassMissing", "nginx"), (finding.Rule, finding.Fix!.Leaves[0].Value));
    }

    [Fact]
    public void Ingress_NoClassButADefault_FindsNothing()
    {
        var standard = new V1IngressClass { Metadata = new V1ObjectMeta { Name = "d", Annotations = new Dictionary<string, string> { ["ingressclass.kubernetes.io/is-default-class"] = "true" } } };
        Assert.Empty(Rules(Snapshot(services: [Service("frontend", null)], ingresses: [Ingress("shop", "frontend", ingressClass: null)], classes: [standard])));
        Assert.Equal(["IngressNoClass"], Rules(Snapshot(services: [Service("frontend", null)], ingresses: [Ingress("shop", "frontend", ingressClass: null)], classes: [Nginx])));
    }
}
