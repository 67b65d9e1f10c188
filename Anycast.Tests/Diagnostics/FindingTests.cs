using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Anycast.Core.Diagnostics;
using k8s.Models;
using static Anycast.Tests.Diagnostics.Objects;

namespace Anycast.Tests.Diagnostics;

public class FindingTests
{
    private static readonly CultureInfo German = CultureInfo.GetCultureInfo("de");

    private sealed class Throws : IAnalyzer
    {
        public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot) => throw new InvalidOperationException("hostile object");
    }

    [Fact]
    public void Fingerprint_PodReplaced_StaysTheSame()
    {
        var (deployment, sets) = Workload("checkout", Container());
        string Of(string pod) => Only(Snapshot([Pod(pod, Container(), Waiting("ErrImagePull"), sets[0], "Pending")], [deployment], sets)).Fingerprint;
        Assert.Equal(Of("checkout-abc"), Of("checkout-xyz"));
        var first = Of("checkout-abc");
        deployment.Metadata.Uid = "made-again";
        sets[0].Metadata.OwnerReferences[0].Uid = "made-again";
        Assert.NotEqual(first, Of("checkout-abc"));
    }

    [Fact]
    public void Run_OneAnalyzerBreaks_TheOthersStillSpeakAndItIsNamed()
    {
        var result = new Diagnosis([new Throws(), .. DiagnosticsSetup.Analyzers]).Run(Snapshot(nodes: [Node("a", ready: false)]), CancellationToken.None);
        Assert.Equal(["Throws"], result.BrokenAnalyzers);
        Assert.Single(result.Findings);
    }

    [Fact]
    public void Run_ObjectsWithNothingButAName_BreaksNoAnalyzer()
    {
        V1ObjectMeta Bare() => new() { Name = "x", Uid = "u" };
        var snapshot = new ClusterSnapshot
        {
            ClusterId = "c",
            TakenAt = Now,
            CompleteKinds = new HashSet<string> { "Pod", "Deployment", "StatefulSet", "DaemonSet", "Service", "IngressClass", "StorageClass" },
            Pods = [new V1Pod { Metadata = Bare() }, new V1Pod { Metadata = Bare(), Status = new V1PodStatus { Phase = "Pending", ContainerStatuses = [Waiting("ErrImagePull"), Waiting("CrashLoopBackOff", last: new V1ContainerStateTerminated()), Waiting("CreateContainerConfigError")], Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False" }] } }],
            Deployments = [new V1Deployment { Metadata = Bare() }],
            ReplicaSets = [new V1ReplicaSet { Metadata = Bare() }],
            StatefulSets = [new V1StatefulSet { Metadata = Bare() }],
            DaemonSets = [new V1DaemonSet { Metadata = Bare() }],
            Jobs = [new V1Job { Metadata = Bare() }],
            CronJobs = [new V1CronJob { Metadata = Bare() }],
            Services = [new V1Service { Metadata = Bare() }],
            Ingresses = [new V1Ingress { Metadata = Bare() }],
            Claims = [new V1PersistentVolumeClaim { Metadata = Bare() }],
            Nodes = [new V1Node { Metadata = Bare() }],
            Autoscalers = [new V2HorizontalPodAutoscaler { Metadata = Bare() }],
            Quotas = [new V1ResourceQuota { Metadata = Bare() }],
            Events = [new Corev1Event { Metadata = Bare() }],
        };
        Assert.Empty(new Diagnosis(DiagnosticsSetup.Analyzers).Run(snapshot, CancellationToken.None).BrokenAnalyzers);
    }

    [Fact]
    public void Texts_BothLanguages_HaveTheSameKeysAndPlaceholders()
    {
        var resources = new ResourceManager("Anycast.Core.Diagnostics.DiagnosticsText", typeof(Finding).Assembly);
        Dictionary<string, string> Read(CultureInfo culture) => resources.GetResourceSet(culture, true, false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string)e.Value!);
        var english = Read(CultureInfo.InvariantCulture);
        var german = Read(German);
        Assert.Equal(english.Keys.Order(), german.Keys.Order());
        Assert.All(english, pair => Assert.Equal(
            Regex.Matches(pair.Value, @"\{\w+").Select(m => m.Value).Order(),
            Regex.Matches(german[pair.Key], @"\{\w+").Select(m => m.Value).Order()));
    }

    [Fact]
    public void Texts_OfAFinding_AreFilledInBothLanguages()
    {
        var finding = Only(Snapshot(nodes: [Node("worker-3", cordoned: true)]));
        Assert.Equal("Node worker-3 is closed for new pods", FindingTexts.Title(finding, CultureInfo.GetCultureInfo("en-GB")));
        Assert.Equal("Der Node worker-3 ist für neue Pods gesperrt", FindingTexts.Title(finding, German));
        Assert.Equal("Node worker-3 wieder für neue Pods freigeben.", FindingTexts.Fix(finding.Fix!, German));
    }

    [Theory]
    [InlineData("SetImage", "apps", "Deployment", "spec.template.spec.containers[app].image", "r/x:1")]
    [InlineData("Patch", "apps", "Deployment", "spec.template.spec.containers[app].resources.limits[memory]", "256Mi")]
    [InlineData("Patch", "apps", "Deployment", "spec.template.spec.containers[app].resources.requests[cpu]", "2500m")]
    [InlineData("Patch", "apps", "Deployment", "spec.template.spec.containers[app].readinessProbe.httpGet.port", "8080")]
    [InlineData("Patch", "", "Service", "spec.selector[app]", "catalog")]
    [InlineData("Patch", "", "Service", "spec.ports[80].targetPort", "3000")]
    [InlineData("Patch", "networking.k8s.io", "Ingress", "spec.ingressClassName", "nginx")]
    [InlineData("Patch", "networking.k8s.io", "Ingress", "spec.rules[0].http.paths[0].backend.service.name", "frontend")]
    [InlineData("Patch", "networking.k8s.io", "Ingress", "spec.rules[0].http.paths[0].backend.service.port.number", "8080")]
    [InlineData("Suspend", "batch", "CronJob", "spec.suspend", "false")]
    [InlineData("Suspend", "batch", "Job", "spec.suspend", "false")]
    [InlineData("Cordon", "", "Node", "spec.unschedulable", "false")]
    public void Fix_EachShapeThatAnalyzersSuggest_IsOneTheAgentTakes(string operation, string group, string kind, string path, string value)
    {
        var leaf = Anycast.Tunnel.Operations.PatchableLeaves.Find(operation, group, kind, Anycast.Tunnel.Operations.FieldPath.Parse(path)!);
        Assert.NotNull(leaf);
        Assert.True(Anycast.Tunnel.Operations.PatchableLeaves.Accepts(leaf, value));
    }

    [Fact]
    public void Fill_HostileValue_IsNotReadAsAPlaceholder() =>
        Assert.Equal("a {b} c", FindingTexts.Fill("a {x} c{y? never}", new Dictionary<string, string> { ["x"] = "{b}", ["b"] = "no", ["y"] = "" }));
}
