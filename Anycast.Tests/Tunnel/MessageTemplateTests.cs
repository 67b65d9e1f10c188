using System.Text;
using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Tests.Tunnel;

/// <summary>Free text leaves a cluster only through a template, and twice the same.</summary>
public sealed class MessageTemplateTests
{
    [Theory]
    [InlineData("default-scheduler", "FailedScheduling", "0/5 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 4 Insufficient cpu. preemption: 0/5 nodes are available: 5 No preemption victims found for incoming pod.", "0/5 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 4 Insufficient cpu.")]
    [InlineData("default-scheduler", "FailedScheduling", "0/3 nodes are available: 2 my plugin says password=x, 1 Insufficient memory.", "0/3 nodes are available: 1 Insufficient memory, 2 other cause.")]
    [InlineData("default-scheduler", "FailedScheduling", "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: none", "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.")]
    [InlineData("kubelet", "Failed", "Failed to pull image \"shop/web:nope\": rpc error: code = NotFound desc = failed to resolve reference \"docker.io/shop/web:nope\": not found", "Failed to pull image \"shop/web:nope\": not found")]
    [InlineData("kubelet", "Failed", "Failed to pull image \"shop/web:1\": toomanyrequests: You have reached your pull rate limit", "Failed to pull image \"shop/web:1\": rate limited")]
    [InlineData("kubelet", "BackOff", "Back-off pulling image \"shop/web:nope\"", "Back-off pulling image \"shop/web:nope\"")]
    [InlineData("kubelet", "BackOff", "Back-off restarting failed container web in pod web-1_shop(6c1f7d1e-0c1a-4a51-9b7e-000000000001)", "Back-off restarting failed container web in pod web-1_shop")]
    [InlineData("kubelet", "Failed", "Error: secret \"db\" not found", "Error: secret \"db\" not found")]
    [InlineData("kubelet", "FailedMount", "MountVolume.SetUp failed for volume \"config\" : configmap \"settings\" not found", "MountVolume.SetUp failed for volume \"config\" : configmap \"settings\" not found")]
    [InlineData("kubelet", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "Readiness probe failed: HTTP probe failed with statuscode: 503")]
    [InlineData("kubelet", "Unhealthy", "Liveness probe failed: Get \"http://10.0.0.1:8080/healthz?token=canary\": dial tcp 10.0.0.1:8080: connect: connection refused", "Liveness probe failed: connection refused")]
    [InlineData("persistentvolume-controller", "ProvisioningFailed", "storageclass.storage.k8s.io \"fast\" not found", "storageclass.storage.k8s.io \"fast\" not found")]
    [InlineData("deployment-controller", "ScalingReplicaSet", "Scaled up replica set web-1 from 0 to 3", "Scaled up replica set web-1 from 0 to 3")]
    [InlineData("replicaset-controller", "FailedCreate", "Error creating: pods \"web-1\" is forbidden: exceeded quota: team, requested: pods=1,requests.cpu=1, used: pods=10,requests.cpu=3, limited: pods=10,requests.cpu=4", "Error creating: pods \"web-1\" is forbidden: exceeded quota: team, requested: pods=1,requests.cpu=1, used: pods=10,requests.cpu=3, limited: pods=10,requests.cpu=4")]
    [InlineData("replicaset-controller", "FailedCreate", "Error creating: admission webhook \"policy.example.com\" denied the request: canary", "Error creating: admission webhook \"policy.example.com\" denied the request: «withheld:6»")]
    [InlineData("job-controller", "BackoffLimitExceeded", "Job has reached the specified backoff limit", "Job has reached the specified backoff limit")]
    public void Event_ThatATemplateKnows_IsPrintedAnew(string component, string reason, string message, string expected)
    {
        var once = Message(component, reason, message);

        Assert.Equal(expected, once);
        Assert.Equal(expected, Message(component, reason, once));
    }

    [Theory]
    [InlineData("kubelet", "Unhealthy", "Readiness probe failed: the canary said no")]
    [InlineData("kubelet", "Failed", "Error: failed to start container: exec: \"canary\": not found in path")]
    [InlineData("kubelet", "FailedPostStartHook", "Exec lifecycle hook ([canary]) failed")]
    [InlineData("my-operator", "Failed", "Error: secret \"db\" not found")]
    [InlineData("kubelet", "Failed", "Error: secret \"password=canary\" not found")]
    [InlineData("default-scheduler", "FailedScheduling", "canary")]
    [InlineData("replicaset-controller", "FailedCreate", "Error creating: Internal error: canary")]
    public void Event_ThatNoTemplateKnows_IsWithheldWithItsLength(string component, string reason, string message) =>
        Assert.Equal($"«withheld:{message.Length}»", Message(component, reason, message));

    [Fact]
    public void Waiting_OfAContainer_ComesThroughItsOwnTemplates()
    {
        Assert.Equal("secret \"db\" not found", Waiting("CreateContainerConfigError", "secret \"db\" not found"));
        Assert.Equal("back-off 5m0s restarting failed container=web pod=web-1_shop", Waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=web pod=web-1_shop(6c1f7d1e-0c1a-4a51-9b7e-000000000001)"));
        Assert.Equal("not found", Waiting("ErrImagePull", "rpc error: code = NotFound desc = canary: not found"));
        Assert.Equal("«withheld:6»", Waiting("PodInitializing", "canary"));
    }

    [Fact]
    public void Condition_OfADeployment_ComesThroughItsReason()
    {
        var json = """{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a"},"status":{"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"ReplicaSet \"web-1\" has timed out progressing."},{"type":"Available","status":"False","message":"Deployment does not have minimum availability.","reason":"Custom"}]}}""";
        using var projected = JsonDocument.Parse(Projector.Current.Project("Deployment", Encoding.UTF8.GetBytes(json)).Json);
        var conditions = projected.RootElement.GetProperty("status").GetProperty("conditions");

        Assert.Equal("ReplicaSet \"web-1\" has timed out progressing.", conditions[0].GetProperty("message").GetString());
        Assert.Equal("«withheld:46»", conditions[1].GetProperty("message").GetString());
    }

    private static string Message(string component, string reason, string message)
    {
        // The component comes last, as the API server writes it.
        var json = JsonSerializer.SerializeToUtf8Bytes(new { kind = "Event", apiVersion = "v1", metadata = new { name = "e" }, reason, message, source = new { component } });
        using var projected = JsonDocument.Parse(Projector.Current.Project("Event", json).Json);
        return projected.RootElement.GetProperty("message").GetString()!;
    }

    private static string Waiting(string reason, string message)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new { kind = "Pod", apiVersion = "v1", status = new { containerStatuses = new[] { new { name = "web", state = new { waiting = new { message, reason } } } } } });
        using var projected = JsonDocument.Parse(Projector.Current.Project("Pod", json).Json);
        return projected.RootElement.GetProperty("status").GetProperty("containerStatuses")[0].GetProperty("state").GetProperty("waiting").GetProperty("message").GetString()!;
    }
}
