using Anycast.Core.Diagnostics;
using Anycast.Core.Diagnostics.Workloads;
using k8s.Models;
using static Anycast.Tests.Diagnostics.Objects;

namespace Anycast.Tests.Diagnostics;

public class StorageNodeWorkloadTests
{
    private static V1PersistentVolumeClaim Claim(string? storageClass, string phase = "Pending") => new()
    {
        Metadata = Meta("data"),
        Spec = new V1PersistentVolumeClaimSpec { StorageClassName = storageClass, Resources = new V1VolumeResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new("10Gi") } } },
        Status = new V1PersistentVolumeClaimStatus { Phase = phase },
    };

    private static V1StorageClass Storage(string name, string mode = "Immediate", bool isDefault = false) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Annotations = isDefault ? new Dictionary<string, string> { ["storageclass.kubernetes.io/is-default-class"] = "true" } : null },
        Provisioner = "p",
        VolumeBindingMode = mode,
    };

    [Fact]
    public void Claim_ClassMissing_SaysWhichThereAre()
    {
        var finding = Only(Snapshot(claims: [Claim("fast-ssd")], storage: [Storage("standard", isDefault: true)]));
        Assert.Equal(("ClaimClassMissing", "standard", "10Gi"), (finding.Rule, finding.Args["default"], finding.Args["size"]));
        Assert.Null(finding.Fix);
    }

    [Fact]
    public void Claim_NoClassAndNoDefault_IsFound() =>
        Assert.Equal(["ClaimNoDefaultClass"], Rules(Snapshot(claims: [Claim(null)], storage: [Storage("standard")])));

    [Fact]
    public void Claim_ProvisioningFailed_IsFound()
    {
        var claim = Claim("standard");
        var e = Event("PersistentVolumeClaim", claim.Metadata, "ProvisioningFailed", "«withheld:50»");
        Assert.Equal(["ClaimProvisioningFailed"], Rules(Snapshot(claims: [claim], storage: [Storage("standard")], events: [e])));
    }

    [Fact]
    public void Claim_WaitsForItsFirstPod_IsOnlyANote() =>
        Assert.Equal(FindingSeverity.Info, Only(Snapshot(claims: [Claim("late")], storage: [Storage("late", "WaitForFirstConsumer")])).Severity);

    [Fact]
    public void Claim_BoundOrClassesUnread_FindsNothing()
    {
        Assert.Empty(Rules(Snapshot(claims: [Claim("standard", "Bound")], storage: [Storage("standard")])));
        var fresh = Claim("unknown");
        fresh.Metadata.CreationTimestamp = Ago(0.1);
        Assert.Empty(Rules(Snapshot(claims: [fresh], complete: ["Pod"])));
    }

    [Fact]
    public void Node_UnderPressure_ShowsWhoAsksForMost()
    {
        var pods = new[] { Pod("small", Container(memory: "1Gi"), Running(true), ready: true), Pod("large", Container(memory: "5Gi"), Running(true), ready: true) };
        var finding = Only(Snapshot(pods, nodes: [Node("worker-1", conditions: new V1NodeCondition { Type = "MemoryPressure", Status = "True", Reason = "KubeletHasInsufficientMemory" })]));
        Assert.Equal(("NodePressure", "2"), (finding.Rule, finding.Args["pods"]));
        Assert.Contains(finding.Evidence, e => e.Object.Name == "large" && e.Value == "5Gi");
    }

    [Fact]
    public void Node_NotReadyIsCriticalAndCordonedOnlyANoteWhileNobodyWaits()
    {
        var findings = Diagnose(Snapshot(nodes: [Node("a", ready: false), Node("b", cordoned: true)])).Findings;
        Assert.Equal([("NodeNotReady", FindingSeverity.Critical), ("NodeCordoned", FindingSeverity.Info)], findings.Select(f => (f.Rule, f.Severity)));
        Assert.Equal("spec.unschedulable", findings[1].Fix!.Leaves[0].Path);
    }

    [Fact]
    public void Node_ProvidersOwnPositiveCondition_FindsNothing() =>
        Assert.Empty(Rules(Snapshot(nodes: [Node("a", conditions: [new V1NodeCondition { Type = "KernelReady", Status = "True" }, new V1NodeCondition { Type = "FrequentKubeletRestart", Status = "False" }, new V1NodeCondition { Type = "Custom", Status = "True" }])])));

    [Fact]
    public void CronJob_Suspended_CanBeResumed()
    {
        var cron = new V1CronJob { Metadata = Meta("report"), Spec = new V1CronJobSpec { Schedule = "0 3 * * *", Suspend = true }, Status = new V1CronJobStatus() };
        var finding = Only(Snapshot(crons: [cron]));
        Assert.Equal(("CronJobSuspended", "false"), (finding.Rule, finding.Fix!.Leaves[0].Value));
        cron.Spec.Suspend = false;
        Assert.Empty(Rules(Snapshot(crons: [cron])));
    }

    [Fact]
    public void Job_BackoffLimitReached_NamesTheExitCodeAndRollsUpToItsCronJob()
    {
        var cron = new V1CronJob { Metadata = Meta("report"), Spec = new V1CronJobSpec { Schedule = "0 3 * * *" } };
        var job = new V1Job
        {
            Metadata = Meta("report-1", owner: ("CronJob", "report", cron.Metadata.Uid)),
            Spec = new V1JobSpec { BackoffLimit = 2 },
            Status = new V1JobStatus { Failed = 3, Conditions = [new V1JobCondition { Type = "Failed", Status = "True", Reason = "BackoffLimitExceeded" }] },
        };
        var pod = Pod("report-1-x", Container(), phase: "Failed");
        pod.Metadata.OwnerReferences = [new V1OwnerReference { Kind = "Job", Name = "report-1", Uid = job.Metadata.Uid, Controller = true }];
        pod.Spec.RestartPolicy = "Never";
        pod.Status.ContainerStatuses = [new V1ContainerStatus { Name = "app", State = new V1ContainerState { Terminated = Ended(3) } }];
        var finding = Only(Snapshot([pod], jobs: [job], crons: [cron]));
        Assert.Equal(("JobBackoffLimit", "CronJob shop/report", "3"), (finding.Rule, finding.Subject.ToString(), finding.Args["exitCode"]));
    }

    [Fact]
    public void Rollout_StuckWithoutAKnownCause_IsReported()
    {
        var (deployment, sets) = Workload("web", Container());
        deployment.Status.Conditions = [new V1DeploymentCondition { Type = "Progressing", Status = "False", Reason = "ProgressDeadlineExceeded" }];
        var finding = Only(Snapshot(deployments: [deployment], sets: sets));
        Assert.Equal("RolloutStuck", finding.Rule);
        Assert.False(finding.Symptom);
        var crash = Pod("web-1", Container(), Waiting("CrashLoopBackOff", restarts: 3, last: Ended(1)), sets[0]);
        Assert.Equal(["CrashApplication"], Rules(Snapshot([crash], [deployment], sets)));
    }

    /// <summary>The rollout is stuck because its pod waits for a claim, the claim because of its class: the class is the cause, and named first.</summary>
    [Fact]
    public void Rollout_StuckBehindAClaim_TheClaimComesFirstAndTheRolloutIsNotNamedACause()
    {
        var (deployment, sets) = Workload("analytics", Container());
        deployment.Status.Conditions = [new V1DeploymentCondition { Type = "Progressing", Status = "False", Reason = "ProgressDeadlineExceeded" }];
        var claim = Claim("fast-ssd");
        var pod = Pod("analytics-1", Container(), set: sets[0], phase: "Pending", node: null);
        pod.Spec.Volumes = [new V1Volume { Name = "data", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = claim.Metadata.Name } }];
        pod.Status.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims." }];
        var findings = Diagnose(Snapshot([pod], [deployment], sets, [Node("worker-1")], claims: [claim], storage: [Storage("standard", isDefault: true)])).Findings;
        Assert.Equal([("ClaimClassMissing", false), ("UnschedulableVolume", true)], findings.Select(f => (f.Rule, f.Symptom)));
        Assert.Equal([claim.Metadata.Name], findings[1].CausedBy.Select(c => c.Name));
    }

    [Theory]
    [InlineData("pods \"x\" is forbidden: exceeded quota: team-quota, requested: cpu=2, used: cpu=9, limited: cpu=10", "CreateQuotaExceeded")]
    [InlineData("pods \"x\" is forbidden: failed quota: team-quota: must specify limits.cpu", "CreateLimitsRequired")]
    [InlineData("error looking up service account shop/x: serviceaccount \"x\" not found", "CreateServiceAccountMissing")]
    [InlineData("pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\"", "CreatePodSecurity")]
    [InlineData("admission webhook \"policy.example.com\" denied the request: no", "CreateAdmissionDenied")]
    [InlineData("maximum cpu usage per Container is 2, but limit is 4", "CreateLimitRange")]
    [InlineData("«withheld:40»", "CreateFailed")]
    public void FailedCreate_Message_NamesItsClass(string message, string rule)
    {
        var (deployment, sets) = Workload("web", Container());
        var e = Event("ReplicaSet", sets[0].Metadata, "FailedCreate", message);
        var finding = Only(Snapshot(deployments: [deployment], sets: sets, events: [e]));
        Assert.Equal((rule, "Deployment shop/web"), (finding.Rule, finding.Subject.ToString()));
        Assert.Equal(rule, CreateFailureAnalyzer.Classify(Withheld.Visible(message)));
        Assert.Equal(rule == "CreateQuotaExceeded" ? "cpu=9" : "", finding.Args["used"]);
    }

    [Fact]
    public void Autoscaler_TargetWithoutRequests_NamesTheContainers()
    {
        var (deployment, sets) = Workload("web", Container());
        var hpa = new V2HorizontalPodAutoscaler
        {
            Metadata = Meta("web"),
            Spec = new V2HorizontalPodAutoscalerSpec { MaxReplicas = 5, ScaleTargetRef = new V2CrossVersionObjectReference { Kind = "Deployment", Name = "web" }, Metrics = [new V2MetricSpec { Type = "Resource", Resource = new V2ResourceMetricSource { Name = "cpu" } }] },
            Status = new V2HorizontalPodAutoscalerStatus { Conditions = [new V2HorizontalPodAutoscalerCondition { Type = "ScalingActive", Status = "False", Reason = "FailedGetResourceMetric" }] },
        };
        Assert.Equal(("AutoscalerNoRequests", "app"), (Only(Snapshot(deployments: [deployment], sets: sets, autoscalers: [hpa])).Rule, Only(Snapshot(deployments: [deployment], sets: sets, autoscalers: [hpa])).Args["containers"]));
        Assert.Equal(["AutoscalerTargetMissing"], Rules(Snapshot(autoscalers: [hpa])));
    }

    [Fact]
    public void Quota_NinetyPercentUsed_IsANote()
    {
        var quota = new V1ResourceQuota { Metadata = Meta("q"), Status = new V1ResourceQuotaStatus { Hard = new Dictionary<string, ResourceQuantity> { ["requests.cpu"] = new("10"), ["pods"] = new("10") }, Used = new Dictionary<string, ResourceQuantity> { ["requests.cpu"] = new("9"), ["pods"] = new("3") } } };
        Assert.Equal(("QuotaNearlyUsed", "90"), (Only(Snapshot(quotas: [quota])).Rule, Only(Snapshot(quotas: [quota])).Args["percent"]));
    }

    [Fact]
    public void Deletion_LongOverdueWithFinalizer_IsFound()
    {
        var pod = Pod("old", Container(), Running(true), ready: true);
        pod.Metadata.DeletionTimestamp = Ago(20);
        pod.Metadata.Finalizers = ["example.com/hold"];
        Assert.Equal(["DeletionFinalizers"], Rules(Snapshot([pod])));
        pod.Metadata.DeletionTimestamp = Ago(1);
        Assert.Empty(Rules(Snapshot([pod])));
    }
}
