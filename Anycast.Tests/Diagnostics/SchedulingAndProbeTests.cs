using Anycast.Core.Diagnostics;
using Anycast.Core.Diagnostics.Pods;
using Anycast.Tunnel.Operations;
using k8s.Models;
using static Anycast.Tests.Diagnostics.Objects;

namespace Anycast.Tests.Diagnostics;

public class SchedulingAndProbeTests
{
    private static V1Pod Unschedulable(V1Container container, V1ReplicaSet? set, string? message)
    {
        var pod = Pod("big-1", container, set: set, phase: "Pending", node: null);
        pod.Status.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = message, LastTransitionTime = Ago(9) }];
        return pod;
    }

    [Fact]
    public void Parse_SchedulersSentence_CountsEachCauseOnce()
    {
        var causes = SchedulingMessage.Parse("0/6 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu, 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable. preemption: 0/6 nodes are available: 4 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.");
        Assert.Equal(
            [(1, SchedulingCause.Taint, "node-role.kubernetes.io/control-plane"), (2, SchedulingCause.Resource, "cpu"), (1, SchedulingCause.Resource, "nvidia.com/gpu"), (1, SchedulingCause.Selector, "node(s) didn't match Pod's node affinity/selector"), (1, SchedulingCause.Cordoned, "")],
            causes.Select(c => (c.Nodes, c.Cause, c.Detail)));
    }

    [Fact]
    public void Scheduling_RequestNoNodeCouldHold_LowersItToWhatTheEmptiestNodeHasFree()
    {
        var (deployment, sets) = Workload("analytics", Container(cpu: "64", memory: "1Gi"));
        var pod = Unschedulable(Container(cpu: "64", memory: "1Gi"), sets[0], "0/2 nodes are available: 2 Insufficient cpu.");
        var other = Pod("other", Container(cpu: "1500m"), Running(true), node: "worker-1", ready: true);
        var full = Pod("full", Container(cpu: "3"), Running(true), node: "worker-2", ready: true);
        var finding = Diagnose(Snapshot([pod, other, full], [deployment], sets, [Node("worker-1"), Node("worker-2")])).Findings.Single(f => f.Rule == "UnschedulableTooBig");
        Assert.Equal(("64 cpu", "4 cpu"), (finding.Args["request"], finding.Args["largest"]));
        Assert.Equal([new LeafChange("spec.template.spec.containers[app].resources.requests[cpu]", "2500m")], finding.Fix!.Leaves);
        Assert.Equal("worker-1", finding.Fix.Args["node"]);
    }

    [Fact]
    public void Scheduling_SeveralResourcesNoNodeCouldHold_NamesAllAndLowersAllInOneChange()
    {
        var container = Container(cpu: "12", memory: "96Gi", memoryLimit: "96Gi");
        var (deployment, sets) = Workload("scorer", container);
        var pod = Unschedulable(container, sets[0], "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory.");
        var other = Pod("other", Container(cpu: "1500m", memory: "1Gi"), Running(true), node: "worker-1", ready: true);
        var full = Pod("full", Container(cpu: "3500m", memory: "7Gi"), Running(true), node: "worker-2", ready: true);
        var finding = Diagnose(Snapshot([pod, other, full], [deployment], sets, [Node("worker-1"), Node("worker-2")])).Findings.Single(f => f.Subject.Name == "scorer");
        Assert.Equal(("UnschedulableTooBig", "cpu, memory", "12 cpu + 96Gi memory", "4 cpu + 8Gi memory"), (finding.Rule, finding.Detail, finding.Args["request"], finding.Args["largest"]));
        Assert.Equal(
            [
                new LeafChange("spec.template.spec.containers[app].resources.limits[memory]", "7Gi"),
                new LeafChange("spec.template.spec.containers[app].resources.requests[cpu]", "2500m"),
                new LeafChange("spec.template.spec.containers[app].resources.requests[memory]", "7Gi"),
            ],
            finding.Fix!.Leaves);
        Assert.Contains(finding.Evidence, e => e.Path.EndsWith("requests.cpu", StringComparison.Ordinal));
        Assert.Contains(finding.Evidence, e => e.Path.EndsWith("requests.memory", StringComparison.Ordinal));
        Assert.Equal(
            "Lower the requests of `app` in Deployment shop/scorer to what node worker-1 has free: requests.cpu 12 → 2500m, requests.memory 96Gi → 7Gi, limits.memory 96Gi → 7Gi.",
            FindingTexts.Fix(finding.Fix, System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>The message of the scheduler names one resource; the nodes show that another would keep the pod away as well.</summary>
    [Fact]
    public void Scheduling_MessageNamesOneResourceOfTwo_LowersBoth()
    {
        var container = Container(cpu: "12", memory: "96Gi");
        var (deployment, sets) = Workload("scorer", container);
        var finding = Only(Snapshot([Unschedulable(container, sets[0], "0/1 nodes are available: 1 Insufficient cpu.")], [deployment], sets, [Node("worker-1")]));
        Assert.Equal("cpu, memory", finding.Detail);
        Assert.Equal(["4", "8Gi"], finding.Fix!.Leaves.Select(l => l.Value));
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("affinity")]
    [InlineData("second container")]
    [InlineData("no place")]
    [InlineData("two pods, one node")]
    public void Scheduling_LoweringWouldNotBeEnough_SuggestsNothing(string because)
    {
        var container = Container(cpu: "12");
        var (deployment, sets) = Workload("scorer", container);
        var pod = Unschedulable(container, sets[0], $"0/1 nodes are available: 1 Insufficient cpu{(because == "gpu" ? ", 1 Insufficient nvidia.com/gpu" : "")}.");
        var pods = new List<V1Pod> { pod };
        var node = Node("worker-1");
        switch (because)
        {
            case "affinity":
                pod.Spec.Affinity = new V1Affinity { NodeAffinity = new V1NodeAffinity { RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector { NodeSelectorTerms = [new V1NodeSelectorTerm()] } } };
                break;
            case "second container":
                pod.Spec.Containers.Add(Container("sidecar", cpu: "6"));
                break;
            case "no place":
                node.Status.Allocatable["pods"] = new ResourceQuantity("0");
                break;
            case "two pods, one node":
                var twin = Unschedulable(container, sets[0], "0/1 nodes are available: 1 Insufficient cpu.");
                twin.Metadata.Name = twin.Metadata.Uid = "big-2";
                pods.Add(twin);
                break;
            default:
                break;
        }

        var finding = Only(Snapshot(pods, [deployment], sets, [node]));
        Assert.Equal("UnschedulableTooBig", finding.Rule);
        Assert.Null(finding.Fix);
    }

    [Fact]
    public void Scheduling_NodesMerelyFull_SuggestsNothing()
    {
        var (deployment, sets) = Workload("analytics", Container(cpu: "2"));
        var pod = Unschedulable(Container(cpu: "2"), sets[0], "0/1 nodes are available: 1 Insufficient cpu.");
        var full = Pod("full", Container(cpu: "3"), Running(true), ready: true);
        var finding = Diagnose(Snapshot([pod, full], [deployment], sets, [Node("worker-1")])).Findings.Single(f => f.Subject.Name == "analytics");
        Assert.Equal("UnschedulableFull", finding.Rule);
        Assert.Null(finding.Fix);
    }

    [Fact]
    public void Scheduling_MessageWithheld_IsJudgedFromTheNodes()
    {
        var (deployment, sets) = Workload("analytics", Container(memory: "100Gi"));
        var pod = Unschedulable(Container(memory: "100Gi"), sets[0], "«withheld:60»");
        var finding = Only(Snapshot([pod], [deployment], sets, [Node("worker-1")]));
        Assert.Equal(("UnschedulableTooBig", "memory"), (finding.Rule, finding.Detail));
    }

    [Fact]
    public void Scheduling_SelectorNoNodeCarries_ShowsWhatNodesHave()
    {
        var pod = Unschedulable(Container(), null, "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
        pod.Spec.NodeSelector = new Dictionary<string, string> { ["kubernetes.io/hostname"] = "worker-9" };
        var finding = Only(Snapshot([pod], nodes: [Node("worker-1")]));
        Assert.Equal("UnschedulableSelector", finding.Rule);
        Assert.Equal("kubernetes.io/hostname: worker-1", finding.Args["have"]);
    }

    [Fact]
    public void Scheduling_UntoleratedTaint_NamesIt()
    {
        var pod = Unschedulable(Container(), null, "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}.");
        var finding = Only(Snapshot([pod], nodes: [Node("worker-1", taint: new V1Taint { Key = "dedicated", Value = "gpu", Effect = "NoSchedule" })]));
        Assert.Equal(("UnschedulableTaint", "dedicated: gpu"), (finding.Rule, finding.Detail));
    }

    [Fact]
    public void Scheduling_UnboundClaimBesideATaintedNode_IsTheVolumesFault()
    {
        var pod = Unschedulable(Container(), null, "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.");
        var tainted = Node("worker-2", taint: new V1Taint { Key = "node.kubernetes.io/memory-pressure", Effect = "NoSchedule" });
        var finding = Only(Snapshot([pod], nodes: [Node("worker-1"), tainted]));
        Assert.Equal(("UnschedulableVolume", "2"), (finding.Rule, finding.Args["blocked"]));
    }

    [Fact]
    public void Scheduling_PendingWithoutCondition_FindsNothing() =>
        Assert.Empty(Rules(Snapshot([Pod("new", Container(), phase: "Pending", node: null)], nodes: [Node("worker-1")])));

    private static V1Container Probed(int port, int declared)
    {
        var container = Container(port: declared);
        container.ReadinessProbe = new V1Probe { HttpGet = new V1HTTPGetAction { Path = "/healthz", Port = port } };
        return container;
    }

    [Fact]
    public void Readiness_PortNotDeclared_CorrectsItToTheOnlyDeclaredOne()
    {
        var (deployment, sets) = Workload("payments", Probed(9090, 8080));
        var pod = Pod("payments-1", Probed(9090, 8080), Running(false), sets[0]);
        var e = Event("Pod", pod.Metadata, "Unhealthy", "«withheld:70»", count: 40);
        var finding = Only(Snapshot([pod], [deployment], sets, events: [e]));
        Assert.Equal("ReadinessPortUnknown", finding.Rule);
        Assert.Equal([new LeafChange("spec.template.spec.containers[app].readinessProbe.httpGet.port", "8080")], finding.Fix!.Leaves);
    }

    [Fact]
    public void Readiness_RightPortButFailing_SuggestsNothing()
    {
        var (deployment, sets) = Workload("payments", Probed(8080, 8080));
        var pod = Pod("payments-1", Probed(8080, 8080), Running(false), sets[0]);
        var e = Event("Pod", pod.Metadata, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503");
        var finding = Only(Snapshot([pod], [deployment], sets, events: [e]));
        Assert.Equal(("ReadinessFailing", "503"), (finding.Rule, finding.Args["status"]));
        Assert.Null(finding.Fix);
    }

    [Fact]
    public void Readiness_JustStarted_FindsNothing() =>
        Assert.Empty(Rules(Snapshot([Pod("payments-1", Probed(8080, 8080), Running(false, minutes: 0.5))])));

    [Fact]
    public void Liveness_KillsTheContainer_IsNotReportedAsACrash()
    {
        var container = Container(port: 8080);
        container.LivenessProbe = new V1Probe { HttpGet = new V1HTTPGetAction { Path = "/live", Port = 8080 } };
        var pod = Pod("api-1", container, Waiting("CrashLoopBackOff", restarts: 4, last: Ended(137)));
        var e = Event("Pod", pod.Metadata, "Killing", "Container app failed liveness probe, will be restarted", "Normal");
        Assert.Equal("LivenessKilling", Only(Snapshot([pod], events: [e])).Rule);
    }
}
