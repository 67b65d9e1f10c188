using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>The admission plugins every pod meets: ServiceAccount, LimitRanger, Priority, DefaultTolerationSeconds, ResourceQuota.</summary>
internal sealed class PodAdmission(ObjectStore store)
{
    public void Admit(JsonObject pod)
    {
        ServiceAccount(pod);
        LimitRanges(pod);
        Priority(pod);
        Tolerations(pod);
        Quota(pod);
        pod["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QosClass(pod) };
    }

    /// <summary>Guaranteed, Burstable or BestEffort (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/).</summary>
    public static string QosClass(JsonObject pod)
    {
        var containers = pod.Items("spec", "containers").ToList();
        if (containers.All(c => c.Obj("resources", "requests").Count == 0 && c.Obj("resources", "limits").Count == 0))
        {
            return "BestEffort";
        }

        var guaranteed = containers.All(c => new[] { "cpu", "memory" }.All(r =>
            c.Str("resources", "limits", r) is { Length: > 0 } limit && Quantity.Millis(limit) == Quantity.Millis(c.Str("resources", "requests", r))));
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private void ServiceAccount(JsonObject pod)
    {
        var spec = pod.Ensure("spec");
        var ns = pod.Str("metadata", "namespace");
        var name = spec.Str("serviceAccountName") is { Length: > 0 } named ? named : "default";
        spec["serviceAccountName"] = name;
        spec["serviceAccount"] = name;
        var account = store.Find(BuiltIn.ServiceAccount, ns, name)
            ?? throw KubeErrors.Refused(BuiltIn.Pod, pod.Str("metadata", "name"), $"error looking up service account {ns}/{name}: serviceaccount \"{name}\" not found");
        var wants = spec.At("automountServiceAccountToken") ?? account.Json.At("automountServiceAccountToken");
        if (wants is JsonValue value && value.TryGetValue<bool>(out var mount) && !mount)
        {
            return;
        }

        var volume = "kube-api-access-" + ResourceWriter.Suffix();
        spec.EnsureArray("volumes").Add(TokenVolume(volume));
        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            container.EnsureArray("volumeMounts").Add(new JsonObject
            {
                ["name"] = volume,
                ["readOnly"] = true,
                ["mountPath"] = "/var/run/secrets/kubernetes.io/serviceaccount",
            });
        }
    }

    private static JsonObject TokenVolume(string name) => new()
    {
        ["name"] = name,
        ["projected"] = new JsonObject
        {
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                new JsonObject
                {
                    ["configMap"] = new JsonObject
                    {
                        ["name"] = "kube-root-ca.crt",
                        ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                    },
                },
                new JsonObject
                {
                    ["downwardAPI"] = new JsonObject
                    {
                        ["items"] = new JsonArray(new JsonObject
                        {
                            ["path"] = "namespace",
                            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                        }),
                    },
                }),
            ["defaultMode"] = 420,
        },
    };

    private void LimitRanges(JsonObject pod)
    {
        foreach (var limit in store.List(BuiltIn.LimitRange, pod.Str("metadata", "namespace")).SelectMany(r => r.Json.Items("spec", "limits")).Where(l => l.Str("type") == "Container"))
        {
            foreach (var container in pod.Items("spec", "containers"))
            {
                foreach (var (from, to) in new[] { ("default", "limits"), ("defaultRequest", "requests") })
                {
                    foreach (var (resource, value) in limit.Obj(from))
                    {
                        container.Ensure("resources", to).Default(resource, value?.DeepClone());
                    }
                }

                foreach (var (resource, value) in limit.Obj("max"))
                {
                    if (Quantity.Millis(container.Str("resources", "limits", resource)) > Quantity.Millis(Json.Text(value)))
                    {
                        throw KubeErrors.Refused(
                            BuiltIn.Pod,
                            pod.Str("metadata", "name"),
                            $"maximum {resource} usage per Container is {Json.Text(value)}, but limit is {container.Str("resources", "limits", resource)}");
                    }
                }
            }
        }
    }

    private void Priority(JsonObject pod)
    {
        var spec = pod.Ensure("spec");
        var name = spec.Str("priorityClassName");
        if (name.Length > 0 && store.Find(BuiltIn.PriorityClass, "", name) is null)
        {
            throw KubeErrors.Refused(BuiltIn.Pod, pod.Str("metadata", "name"), $"no PriorityClass with name {name} was found");
        }

        spec["priority"] = name.Length == 0 ? 0 : store.Find(BuiltIn.PriorityClass, "", name)!.Json.Number("value") ?? 0;
        spec["preemptionPolicy"] = "PreemptLowerPriority";
    }

    private static void Tolerations(JsonObject pod)
    {
        var tolerations = pod.Ensure("spec").EnsureArray("tolerations");
        foreach (var key in new[] { "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable" })
        {
            if (!tolerations.OfType<JsonObject>().Any(t => t.Str("key") == key || (t.Str("key").Length == 0 && t.Str("operator") == "Exists")))
            {
                tolerations.Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
            }
        }
    }

    private void Quota(JsonObject pod)
    {
        var ns = pod.Str("metadata", "namespace");
        foreach (var quota in store.List(BuiltIn.ResourceQuota, ns))
        {
            var used = QuotaUsage.Of(store, ns);
            var asked = QuotaUsage.OfPod(pod);
            var over = quota.Json.Obj("spec", "hard")
                .Where(h => asked.TryGetValue(h.Key, out var more) && more > 0 && used.GetValueOrDefault(h.Key) + more > QuotaUsage.Parse(h.Key, Json.Text(h.Value)))
                .ToList();
            if (over.Count > 0)
            {
                string Text(Func<KeyValuePair<string, JsonNode?>, string> value) => string.Join(",", over.Select(h => $"{h.Key}={value(h)}"));
                throw KubeErrors.Refused(
                    BuiltIn.Pod,
                    pod.Str("metadata", "name"),
                    $"exceeded quota: {quota.Name}, requested: {Text(h => QuotaUsage.Print(h.Key, asked[h.Key]))}, used: {Text(h => QuotaUsage.Print(h.Key, used.GetValueOrDefault(h.Key)))}, limited: {Text(h => Json.Text(h.Value))}");
            }
        }
    }
}
