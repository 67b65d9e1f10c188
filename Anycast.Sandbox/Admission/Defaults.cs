using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>The defaults that the API server fills in, per kind (pkg/apis/*/defaults.go of Kubernetes).</summary>
internal static class Defaults
{
    public static void Apply(KindInfo kind, JsonObject obj, bool isNew)
    {
        switch (kind.Kind)
        {
            case "Pod":
                PodDefaults.Apply(obj.Ensure("spec"));
                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet" or "ReplicationController":
                Workload(kind, obj.Ensure("spec"));
                break;
            case "Job":
                Job(obj, isNew);
                break;
            case "CronJob":
                CronJob(obj.Ensure("spec"));
                break;
            case "Service":
                Service(obj.Ensure("spec"));
                break;
            case "Namespace":
                Namespace(obj, isNew);
                break;
            case "Secret":
                Secret(obj);
                break;
            default:
                Small(kind, obj, isNew);
                break;
        }
    }

    private static void Workload(KindInfo kind, JsonObject spec)
    {
        if (kind != BuiltIn.DaemonSet)
        {
            spec.Default("replicas", 1);
        }

        if (kind == BuiltIn.Deployment)
        {
            var strategy = spec.Ensure("strategy");
            strategy.Default("type", "RollingUpdate");
            if (strategy.Str("type") == "RollingUpdate")
            {
                var rolling = strategy.Ensure("rollingUpdate");
                rolling.Default("maxUnavailable", "25%");
                rolling.Default("maxSurge", "25%");
            }

            spec.Default("revisionHistoryLimit", 10);
            spec.Default("progressDeadlineSeconds", 600);
        }
        else if (kind == BuiltIn.StatefulSet)
        {
            spec.Default("podManagementPolicy", "OrderedReady");
            spec.Default("revisionHistoryLimit", 10);
            var strategy = spec.Ensure("updateStrategy");
            strategy.Default("type", "RollingUpdate");
            if (strategy.Str("type") == "RollingUpdate")
            {
                strategy.Ensure("rollingUpdate").Default("partition", 0);
            }

            var retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
            retention.Default("whenDeleted", "Retain");
            retention.Default("whenScaled", "Retain");
            foreach (var claim in spec.Items("volumeClaimTemplates"))
            {
                claim.Default("kind", "PersistentVolumeClaim");
                claim.Default("apiVersion", "v1");
                claim.Ensure("spec").Default("volumeMode", "Filesystem");
            }
        }
        else if (kind == BuiltIn.DaemonSet)
        {
            spec.Default("revisionHistoryLimit", 10);
            var strategy = spec.Ensure("updateStrategy");
            strategy.Default("type", "RollingUpdate");
            if (strategy.Str("type") == "RollingUpdate")
            {
                var rolling = strategy.Ensure("rollingUpdate");
                rolling.Default("maxUnavailable", 1);
                rolling.Default("maxSurge", 0);
            }
        }

        Template(spec);
    }

    private static void Template(JsonObject spec)
    {
        if (spec["template"] is JsonObject template)
        {
            template.Ensure("metadata").Default("creationTimestamp", null);
            PodDefaults.Apply(template.Ensure("spec"));
        }
    }

    private static void Job(JsonObject obj, bool isNew)
    {
        var spec = obj.Ensure("spec");
        JobSpec(spec);
        if (!isNew || spec.ContainsKey("selector"))
        {
            return;
        }

        var uid = Guid.NewGuid().ToString();
        obj.Ensure("metadata").Default("uid", uid);
        uid = obj.Str("metadata", "uid");
        spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["batch.kubernetes.io/controller-uid"] = uid } };
        var labels = spec.Ensure("template", "metadata", "labels");
        foreach (var prefix in new[] { "", "batch.kubernetes.io/" })
        {
            labels[prefix + "controller-uid"] = uid;
            labels[prefix + "job-name"] = obj.Str("metadata", "name");
        }
    }

    private static void JobSpec(JsonObject spec)
    {
        spec.Default("parallelism", 1);
        spec.Default("completions", 1);
        spec.Default("backoffLimit", 6);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("podReplacementPolicy", "TerminatingOrFailed");
        Template(spec);
    }

    private static void CronJob(JsonObject spec)
    {
        spec.Default("concurrencyPolicy", "Allow");
        spec.Default("suspend", false);
        spec.Default("successfulJobsHistoryLimit", 3);
        spec.Default("failedJobsHistoryLimit", 1);
        if (spec["jobTemplate"] is JsonObject job)
        {
            job.Ensure("metadata").Default("creationTimestamp", null);
            Template(job.Ensure("spec"));
        }
    }

    private static void Service(JsonObject spec)
    {
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        if (spec.Str("type") != "ExternalName")
        {
            spec.Default("internalTrafficPolicy", "Cluster");
            spec.Default("ipFamilies", new JsonArray("IPv4"));
            spec.Default("ipFamilyPolicy", "SingleStack");
        }

        if (spec.Str("type") is "NodePort" or "LoadBalancer")
        {
            spec.Default("externalTrafficPolicy", "Cluster");
        }

        foreach (var port in spec.Items("ports"))
        {
            port.Default("protocol", "TCP");
            port.Default("targetPort", port["port"]?.DeepClone());
        }
    }

    private static void Namespace(JsonObject obj, bool isNew)
    {
        obj.Ensure("metadata", "labels")["kubernetes.io/metadata.name"] = obj.Str("metadata", "name");
        if (isNew)
        {
            obj.Ensure("spec")["finalizers"] = new JsonArray("kubernetes");
            obj["status"] = new JsonObject { ["phase"] = "Active" };
        }
    }

    private static void Secret(JsonObject obj)
    {
        obj.Default("type", "Opaque");
        if (obj["stringData"] is JsonObject plain)
        {
            var data = obj.Ensure("data");
            foreach (var (key, value) in plain)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(Json.Text(value)));
            }

            obj.Remove("stringData");
        }
    }

    private static void Small(KindInfo kind, JsonObject obj, bool isNew)
    {
        switch (kind.Kind)
        {
            case "PersistentVolumeClaim":
                obj.Ensure("spec").Default("volumeMode", "Filesystem");
                Phase(obj, isNew, "Pending");
                break;
            case "PersistentVolume":
                obj.Ensure("spec").Default("volumeMode", "Filesystem");
                obj.Ensure("spec").Default("persistentVolumeReclaimPolicy", "Retain");
                Phase(obj, isNew, "Available");
                break;
            case "StorageClass":
                obj.Default("reclaimPolicy", "Delete");
                obj.Default("volumeBindingMode", "Immediate");
                break;
            case "HorizontalPodAutoscaler":
                obj.Ensure("spec").Default("minReplicas", 1);
                break;
            case "NetworkPolicy":
                obj.Ensure("spec").Default("policyTypes", obj.Obj("spec").ContainsKey("egress") ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress"));
                break;
            case "CustomResourceDefinition" when isNew:
                obj["status"] = CustomResourceStatus(obj);
                break;
        }
    }

    private static void Phase(JsonObject obj, bool isNew, string phase)
    {
        if (isNew)
        {
            obj["status"] = new JsonObject { ["phase"] = phase };
        }
    }

    private static JsonObject CustomResourceStatus(JsonObject obj) => new()
    {
        ["conditions"] = new JsonArray(
            new JsonObject { ["type"] = "NamesAccepted", ["status"] = "True", ["reason"] = "NoConflicts", ["message"] = "no conflicts found" },
            new JsonObject { ["type"] = "Established", ["status"] = "True", ["reason"] = "InitialNamesAccepted", ["message"] = "the initial names have been accepted" }),
        ["acceptedNames"] = obj.At("spec", "names")?.DeepClone(),
        ["storedVersions"] = Json.ToArray(obj.Items("spec", "versions").Where(v => v.Bool("storage")).Select(v => (JsonNode)v.Str("name"))),
    };
}
