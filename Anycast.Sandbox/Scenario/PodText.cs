using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Kubelet;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Scenario;

/// <summary>The pods of one ReplicaSet as text with gaps: built once as a tree, then filled in per pod without parsing or serialising.</summary>
internal sealed class PodText
{
    private static readonly JsonSerializerOptions _relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StoredObject _set;
    private readonly DateTimeOffset _created;
    private readonly IReadOnlyDictionary<string, string> _labels;
    private readonly OwnerKey _owner;
    private readonly PodFacts _facts;
    private readonly string[] _parts;

    public PodText(StoredObject set, JsonObject template, string hash, DateTimeOffset created, DateTimeOffset now, bool crashing)
    {
        _set = set;
        _created = created;
        _owner = new OwnerKey("ReplicaSet", set.Name, set.Uid);
        var pod = Parts.PodFromTemplate(template, set, set.Name + "-");
        var metadata = pod.Ensure("metadata");
        metadata["name"] = "§name§";
        metadata["namespace"] = set.Namespace;
        metadata["uid"] = "§uid§";
        metadata["resourceVersion"] = "§version§";
        metadata["creationTimestamp"] = Json.Stamp(created);
        metadata.Ensure("labels")["pod-template-hash"] = hash;
        var spec = pod.Ensure("spec");
        Complete(spec);
        pod["status"] = Status(spec, created, now, crashing);
        ManagedFields.TrackUpdate(null, pod, new WriteBy(Parts.Manager), created);
        var before = pod.Clone();
        before.Remove("status");
        ManagedFields.TrackUpdate(before, pod, new WriteBy("kubelet", WritePart.Status), created);
        _labels = metadata.Map("labels");
        _facts = PodFacts.Of(pod);
        pod.Remove("kind");
        pod.Remove("apiVersion");

        // Gaps stand at the odd places.
        _parts = pod.ToJsonString(_relaxed).Split('§');
    }

    public StoredObject Pod(string node, int index, long version, Random random)
    {
        Span<byte> bits = stackalloc byte[16];
        random.NextBytes(bits);
        var uid = new Guid(bits).ToString();
        var name = $"{_set.Name}-{Suffix(index)}";
        var text = new StringBuilder(8 * 1024);
        for (var i = 0; i < _parts.Length; i++)
        {
            text.Append(i % 2 == 0 ? _parts[i] : _parts[i] switch
            {
                "name" => name,
                "uid" => uid,
                "version" => version.ToString(CultureInfo.InvariantCulture),
                "node" => node,
                "host" => PodStatus.NodeAddress(node),
                "ip" => string.Create(CultureInfo.InvariantCulture, $"10.{128 + (index / 62500)}.{index / 250 % 250}.{(index % 250) + 2}"),
                "short" => uid[..5],
                "container" => PodStatus.Hex(uid),
                var other => other,
            });
        }

        return new StoredObject
        {
            Kind = BuiltIn.Pod,
            Key = new ObjectKey(_set.Namespace, name),
            Uid = uid,
            ResourceVersion = version,
            Utf8 = Encoding.UTF8.GetBytes(text.ToString()),
            Labels = _labels,
            Owner = _owner,
            HasOwners = true,
            Deleting = false,
            Created = _created,
            Pod = _facts with { NodeName = node },
        };
    }

    /// <summary>Five letters that are different for each number.</summary>
    private static string Suffix(int number) => string.Create(5, number, static (span, number) =>
    {
        const string Letters = "bcdfghjklmnpqrstvwxz2456789";
        var rest = ((long)number * 7_919) + 104_729;
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = Letters[(int)(rest % Letters.Length)];
            rest /= Letters.Length;
        }
    });

    /// <summary>What admission and scheduler add to every pod.</summary>
    private static void Complete(JsonObject spec)
    {
        const string Volume = "kube-api-access-§short§";
        Admission.PodDefaults.Apply(spec);
        spec["nodeName"] = "§node§";
        spec["serviceAccountName"] = "default";
        spec["serviceAccount"] = "default";
        spec["enableServiceLinks"] = true;
        spec["preemptionPolicy"] = "PreemptLowerPriority";
        spec["priority"] = 0;
        spec["tolerations"] = Json.ToArray(new[] { "not-ready", "unreachable" }.Select(k => (JsonNode)new JsonObject
        {
            ["effect"] = "NoExecute",
            ["key"] = "node.kubernetes.io/" + k,
            ["operator"] = "Exists",
            ["tolerationSeconds"] = 300,
        }));
        spec["volumes"] = new JsonArray(new JsonObject
        {
            ["name"] = Volume,
            ["projected"] = new JsonObject
            {
                ["defaultMode"] = 420,
                ["sources"] = new JsonArray(
                    new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                    new JsonObject
                    {
                        ["configMap"] = new JsonObject { ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }), ["name"] = "kube-root-ca.crt" },
                    }),
            },
        });
        foreach (var container in spec.Items("containers"))
        {
            container["volumeMounts"] = new JsonArray(new JsonObject { ["mountPath"] = "/var/run/secrets/kubernetes.io/serviceaccount", ["name"] = Volume, ["readOnly"] = true });
        }
    }

    private static JsonObject Status(JsonObject spec, DateTimeOffset created, DateTimeOffset now, bool crashing)
    {
        var container = spec.Items("containers").First();
        var status = new JsonObject();
        foreach (var type in new[] { "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled" })
        {
            var bad = crashing && type is "Ready" or "ContainersReady" && crashing;
            Parts.SetCondition(
                status, type, bad ? "False" : "True", bad ? "ContainersNotReady" : "", bad ? $"containers with unready status: [{container.Str("name")}]" : "", created.AddSeconds(3));
            status.Items("conditions").Last()["lastProbeTime"] = null;
        }

        var ended = new JsonObject
        {
            ["containerID"] = "containerd://§container§",
            ["exitCode"] = 1,
            ["finishedAt"] = Json.Stamp(now.AddMinutes(-3)),
            ["reason"] = "Error",
            ["startedAt"] = Json.Stamp(now.AddMinutes(-4)),
        };
        status["containerStatuses"] = new JsonArray(new JsonObject
        {
            ["containerID"] = "containerd://§container§",
            ["image"] = container.Str("image"),
            ["imageID"] = container.Str("image").Split(':')[0] + "@sha256:" + PodStatus.Hex(container.Str("image")),
            ["lastState"] = crashing ? new JsonObject { ["terminated"] = ended } : new JsonObject(),
            ["name"] = container.Str("name"),
            ["ready"] = !crashing,
            ["restartCount"] = crashing ? 17 : 0,
            ["started"] = !crashing,
            ["state"] = crashing
                ? new JsonObject { ["waiting"] = new JsonObject { ["message"] = $"back-off 5m0s restarting failed container={container.Str("name")} pod=§name§", ["reason"] = "CrashLoopBackOff" } }
                : new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Json.Stamp(created.AddSeconds(2)) } },
        });
        status["hostIP"] = "§host§";
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = "§host§" });
        status["phase"] = "Running";
        status["podIP"] = "§ip§";
        status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = "§ip§" });
        status["qosClass"] = "Burstable";
        status["startTime"] = Json.Stamp(created.AddSeconds(1));
        return status;
    }
}
