using Anycast.Core.Diagnostics;
using Anycast.Core.Diagnostics.Pods;
using Anycast.Tunnel.Operations;
using k8s.Models;
using static Anycast.Tests.Diagnostics.Objects;

namespace Anycast.Tests.Diagnostics;

public class ImageAndCrashTests
{
    [Theory]
    [InlineData("ErrImagePull", "failed to pull and unpack image \"r/x:9\": failed to resolve reference \"r/x:9\": r/x:9: not found", "ImageNotFound")]
    [InlineData("ErrImagePull", "manifest unknown: manifest unknown", "ImageNotFound")]
    [InlineData("ErrImagePull", "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed", "ImageUnauthorized")]
    [InlineData("ErrImagePull", "unexpected status: 401 Unauthorized", "ImageUnauthorized")]
    [InlineData("ErrImagePull", "429 Too Many Requests - toomanyrequests: You have reached your pull rate limit", "ImageRateLimited")]
    [InlineData("ErrImagePull", "dial tcp: lookup registry.example.com on 10.96.0.10:53: no such host", "ImageRegistryUnreachable")]
    [InlineData("ErrImagePull", "no match for platform in manifest: not found", "ImageWrongPlatform")]
    [InlineData("InvalidImageName", "", "ImageNameInvalid")]
    [InlineData("ErrImageNeverPull", "", "ImageNeverPull")]
    [InlineData("ImagePullBackOff", "«withheld:80»", "ImagePullFailed")]
    public void Classify_RegistryAnswer_NamesItsClass(string reason, string message, string rule) =>
        Assert.Equal(rule, ImagePullAnalyzer.Classify(reason, message));

    [Fact]
    public void ImagePull_PreviousRevisionKnown_SuggestsItsImageOnTheDeployment()
    {
        var (deployment, sets) = Workload("checkout", Container(image: "registry.example.com/shop/checkout:2.0.99"), oldImage: "registry.example.com/shop/checkout:2.0.1", oldReady: 2);
        var pods = Enumerable.Range(1, 3).Select(i => Pod($"checkout-{i}", Container(image: "registry.example.com/shop/checkout:2.0.99"), Waiting("ImagePullBackOff"), sets[0], "Pending")).ToList();
        var failed = Event("Pod", pods[0].Metadata, "Failed", "Failed to pull image \"registry.example.com/shop/checkout:2.0.99\": not found", count: 7);

        var finding = Diagnose(Snapshot(pods, [deployment], sets, events: [failed])).Findings.Single(f => f.Rule == "ImageNotFound");

        Assert.Equal("Deployment shop/checkout", finding.Subject.ToString());
        Assert.Equal(OperationNames.SetImage, finding.Fix!.Operation);
        Assert.Equal([new LeafChange("spec.template.spec.containers[app].image", "registry.example.com/shop/checkout:2.0.1")], finding.Fix.Leaves);
        Assert.Equal("Fix.ServingImage", finding.Fix.Origin);
        Assert.Contains(finding.Evidence, e => e.Value.Contains("not found", StringComparison.Ordinal));
    }

    [Fact]
    public void ImagePull_ThreePodsOfOneDeployment_IsOneFinding()
    {
        var (deployment, sets) = Workload("checkout", Container());
        var pods = Enumerable.Range(1, 3).Select(i => Pod($"checkout-{i}", Container(), Waiting("ImagePullBackOff"), sets[0], "Pending")).ToList();
        var finding = Only(Snapshot(pods, [deployment], sets));
        Assert.Equal(3, finding.Count);
        Assert.Equal(3, finding.Affected.Count);
    }

    [Fact]
    public void ImagePull_NothingInTheClusterKnowsBetter_SuggestsNothing()
    {
        var (deployment, sets) = Workload("checkout", Container());
        Assert.Null(Only(Snapshot([Pod("checkout-1", Container(), Waiting("ErrImagePull"), sets[0], "Pending")], [deployment], sets)).Fix);
    }

    [Fact]
    public void ImagePull_TemplateAlreadyChanged_SuggestsNothing()
    {
        var (deployment, sets) = Workload("checkout", Container(image: "r/checkout:good"), oldImage: "r/checkout:old");
        var pod = Pod("checkout-1", Container(image: "r/checkout:bad"), Waiting("ErrImagePull"), sets[0], "Pending");
        Assert.Null(Only(Snapshot([pod], [deployment], sets)).Fix);
    }

    [Fact]
    public void ImagePull_EventOfAnotherPodWithTheSameName_IsNotEvidence()
    {
        var (deployment, sets) = Workload("checkout", Container());
        var pod = Pod("checkout-1", Container(), Waiting("ImagePullBackOff"), sets[0], "Pending");
        var earlier = Meta("checkout-1", uid: "uid-of-the-pod-before");
        var e = Event("Pod", earlier, "Failed", "Failed to pull image: 401 Unauthorized");
        Assert.Equal("ImagePullFailed", Only(Snapshot([pod], [deployment], sets, events: [e])).Rule);
    }

    [Theory]
    [InlineData(0, "Completed", "CrashCompletes")]
    [InlineData(1, "Error", "CrashApplication")]
    [InlineData(126, "Error", "CrashNotExecutable")]
    [InlineData(127, "Error", "CrashCommandNotFound")]
    [InlineData(128, "StartError", "CrashStartError")]
    [InlineData(137, "Error", "CrashKilled")]
    [InlineData(139, "Error", "CrashFault")]
    [InlineData(143, "Error", "CrashTerminated")]
    public void CrashLoop_ExitCode_NamesItsClass(int code, string reason, string rule)
    {
        var (deployment, sets) = Workload("cart", Container());
        var pod = Pod("cart-1", Container(), Waiting("CrashLoopBackOff", restarts: 5, last: Ended(code, reason)), sets[0]);
        var finding = Only(Snapshot([pod], [deployment], sets));
        Assert.Equal(rule, finding.Rule);
        Assert.Equal("5", finding.Args["restarts"]);
    }

    [Fact]
    public void CrashLoop_NewestRevisionNeverCameUp_SuggestsThePreviousImage()
    {
        var (deployment, sets) = Workload("cart", Container(image: "r/cart:2"), oldImage: "r/cart:1");
        var pod = Pod("cart-1", Container(image: "r/cart:2"), Waiting("CrashLoopBackOff", restarts: 5, last: Ended(1)), sets[0]);
        Assert.Equal("r/cart:1", Only(Snapshot([pod], [deployment], sets)).Fix!.Leaves[0].Value);
        sets[0].Status.ReadyReplicas = 1;
        Assert.Null(Only(Snapshot([pod], [deployment], sets)).Fix);
    }

    [Fact]
    public void CrashLoop_HealthyOrRestartedOnceLongAgo_FindsNothing()
    {
        var (deployment, sets) = Workload("cart", Container());
        var pod = Pod("cart-1", Container(), Running(true, restarts: 1, last: Ended(1, minutes: 600)), sets[0], ready: true);
        Assert.Empty(Rules(Snapshot([pod], [deployment], sets)));
    }

    [Fact]
    public void OutOfMemory_CrashLooping_DoublesTheLimitThatWasHit()
    {
        var (deployment, sets) = Workload("recommendations", Container(memoryLimit: "128Mi", memory: "64Mi"));
        var pod = Pod("recommendations-1", Container(memoryLimit: "128Mi", memory: "64Mi"), Waiting("CrashLoopBackOff", restarts: 9, last: Ended(137, "OOMKilled")), sets[0]);
        var finding = Only(Snapshot([pod], [deployment], sets, [Node("worker-1")]));
        Assert.Equal("OutOfMemory", finding.Rule);
        Assert.Equal(FindingSeverity.Error, finding.Severity);
        Assert.Equal([new LeafChange("spec.template.spec.containers[app].resources.limits[memory]", "256Mi")], finding.Fix!.Leaves);
    }

    [Fact]
    public void OutOfMemory_RunningAgain_IsAWarning()
    {
        var (deployment, sets) = Workload("search", Container(memoryLimit: "1Gi"));
        var pod = Pod("search-1", Container(memoryLimit: "1Gi"), Running(true, 1, Ended(137, "OOMKilled", 60)), sets[0], ready: true);
        var finding = Only(Snapshot([pod], [deployment], sets));
        Assert.Equal(FindingSeverity.Warning, finding.Severity);
        Assert.Equal("2Gi", finding.Fix!.Leaves[0].Value);
    }

    [Fact]
    public void OutOfMemory_DoubleFitsNoNode_SuggestsNothing()
    {
        var (deployment, sets) = Workload("search", Container(memoryLimit: "6Gi"));
        var pod = Pod("search-1", Container(memoryLimit: "6Gi"), Waiting("CrashLoopBackOff", restarts: 2, last: Ended(137, "OOMKilled")), sets[0]);
        Assert.Null(Only(Snapshot([pod], [deployment], sets, [Node("worker-1", memory: "8Gi")])).Fix);
    }

    [Fact]
    public void OutOfMemory_LongAgo_FindsNothing()
    {
        var (deployment, sets) = Workload("search", Container(memoryLimit: "1Gi"));
        var pod = Pod("search-1", Container(memoryLimit: "1Gi"), Running(true, 1, Ended(137, "OOMKilled", 60 * 48)), sets[0], ready: true);
        Assert.Empty(Rules(Snapshot([pod], [deployment], sets)));
    }

    [Theory]
    [InlineData("secret \"db-credentials\" not found", "SecretMissing", "db-credentials", "")]
    [InlineData("configmap \"app-config\" not found", "ConfigMapMissing", "app-config", "")]
    [InlineData("couldn't find key url in Secret shop/db-credentials", "ReferenceKeyMissing", "db-credentials", "url")]
    public void MissingReference_KubeletsWords_NameObjectAndField(string message, string rule, string missing, string key)
    {
        var container = Container();
        container.Env =
        [
            new V1EnvVar { Name = "DB", ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "db-credentials", Key = "url" } } },
            new V1EnvVar { Name = "CFG", ValueFrom = new V1EnvVarSource { ConfigMapKeyRef = new V1ConfigMapKeySelector { Name = "app-config", Key = "x" } } },
        ];
        var (deployment, sets) = Workload("orders", container);
        var pod = Pod("orders-1", container, Waiting("CreateContainerConfigError", message), sets[0], "Pending");
        var finding = Only(Snapshot([pod], [deployment], sets));
        Assert.Equal(rule, finding.Rule);
        Assert.Equal((missing, key), (finding.Args["missing"], finding.Args["key"]));
        Assert.StartsWith("spec.containers[app].env[", finding.Args["field"], StringComparison.Ordinal);
    }

    [Fact]
    public void MissingReference_MessageWithheld_ListsWhatItRefersTo()
    {
        var container = Container();
        container.EnvFrom = [new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = "db-credentials" } }];
        var finding = Only(Snapshot([Pod("orders-1", container, Waiting("CreateContainerConfigError", "«withheld:33»"), phase: "Pending")]));
        Assert.Equal("ConfigReferenceBroken", finding.Rule);
        Assert.Contains("Secret db-credentials", finding.Args["references"], StringComparison.Ordinal);
    }

    [Fact]
    public void MissingReference_VolumeEvent_IsFoundWithoutContainerStatus()
    {
        var pod = Pod("orders-1", Container(), phase: "Pending");
        pod.Spec.Volumes = [new V1Volume { Name = "tls", Secret = new V1SecretVolumeSource { SecretName = "tls-cert" } }];
        var e = Event("Pod", pod.Metadata, "FailedMount", "MountVolume.SetUp failed for volume \"tls\" : secret \"tls-cert\" not found");
        var finding = Only(Snapshot([pod], events: [e]));
        Assert.Equal("SecretMissing", finding.Rule);
        Assert.Equal("spec.volumes[tls].secret", finding.Args["field"]);
    }
}
