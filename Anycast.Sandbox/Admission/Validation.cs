using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>What is valid, in the words of the API server (pkg/apis/*/validation); the rules that a person meets in practice.</summary>
internal static partial class Validation
{
    private const string SubdomainHint =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    public static List<FieldError> Check(KindInfo kind, JsonObject? old, JsonObject next)
    {
        var errors = new List<FieldError>();
        Metadata(kind, next, errors);
        switch (kind.Kind)
        {
            case "Pod":
                PodValidation.Spec(next.Obj("spec"), "spec", errors);
                if (old is not null)
                {
                    PodValidation.Update(old, next, errors);
                }

                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet":
                Workload(kind, old, next, errors);
                break;
            case "Job":
                Job(next.Obj("spec"), "spec", errors);
                if (old is not null && !Json.Same(old.At("spec", "template"), next.At("spec", "template")))
                {
                    errors.Add(FieldError.Invalid("spec.template", "…", "field is immutable"));
                }

                break;
            case "CronJob":
                CronJob(next.Obj("spec"), errors);
                break;
            case "Service":
                Service(next.Obj("spec"), errors);
                break;
            case "PersistentVolumeClaim" when old is not null:
                Claim(old, next, errors);
                break;
            case "HorizontalPodAutoscaler":
                if (next.Int("spec", "maxReplicas") < 1)
                {
                    errors.Add(FieldError.Invalid("spec.maxReplicas", next.At("spec", "maxReplicas")?.ToJsonString() ?? "0", "must be greater than 0"));
                }

                break;
        }

        return errors;
    }

    private static void Metadata(KindInfo kind, JsonObject next, List<FieldError> errors)
    {
        var name = next.Str("metadata", "name");
        if (kind.Group != "rbac.authorization.k8s.io" && (name.Length > 253 || !Subdomain().IsMatch(name)))
        {
            errors.Add(FieldError.Invalid("metadata.name", $"\"{name}\"", SubdomainHint));
        }

        foreach (var (key, value) in next.Obj("metadata", "labels"))
        {
            if (Json.Text(value) is { } text && (text.Length > 63 || !LabelValue().IsMatch(text)))
            {
                errors.Add(FieldError.Invalid("metadata.labels", $"\"{text}\"", "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
            }

            if (!LabelKey().IsMatch(key))
            {
                errors.Add(FieldError.Invalid("metadata.labels", $"\"{key}\"", "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
            }
        }
    }

    private static void Workload(KindInfo kind, JsonObject? old, JsonObject next, List<FieldError> errors)
    {
        var spec = next.Obj("spec");
        if (spec.Number("replicas") is < 0)
        {
            errors.Add(FieldError.Invalid("spec.replicas", spec["replicas"]!.ToJsonString(), "must be greater than or equal to 0"));
        }

        var selector = spec.Obj("selector");
        if (selector.Count == 0)
        {
            errors.Add(FieldError.Required("spec.selector"));
        }
        else if (!LabelSelector.Of(selector).Matches(spec.Map("template", "metadata", "labels")))
        {
            errors.Add(FieldError.Invalid("spec.template.metadata.labels", spec.At("template", "metadata", "labels")?.ToJsonString() ?? "null", "`selector` does not match template `labels`"));
        }

        if (old is not null && !Json.Same(old.At("spec", "selector"), selector))
        {
            errors.Add(FieldError.Invalid("spec.selector", selector.ToJsonString(), "field is immutable"));
        }

        if (kind == BuiltIn.StatefulSet && old is not null && (!Json.Same(old.At("spec", "serviceName"), spec["serviceName"]) || !Json.Same(old.At("spec", "volumeClaimTemplates"), spec["volumeClaimTemplates"])))
        {
            errors.Add(FieldError.Forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
        }

        if (kind == BuiltIn.Deployment && spec.Str("strategy", "type") is not ("RollingUpdate" or "Recreate"))
        {
            errors.Add(FieldError.Unsupported("spec.strategy.type", spec.Str("strategy", "type"), "Recreate", "RollingUpdate"));
        }

        if (spec.Str("template", "spec", "restartPolicy") != "Always")
        {
            errors.Add(FieldError.Unsupported("spec.template.spec.restartPolicy", spec.Str("template", "spec", "restartPolicy"), "Always"));
        }

        // Claims of a StatefulSet become volumes of its pods.
        PodValidation.Spec(spec.Obj("template", "spec"), "spec.template.spec", errors, spec.Items("volumeClaimTemplates").Select(c => c.Str("metadata", "name")));
    }

    private static void Job(JsonObject spec, string path, List<FieldError> errors)
    {
        var policy = spec.Str("template", "spec", "restartPolicy");
        if (policy is not ("Never" or "OnFailure"))
        {
            errors.Add(FieldError.Required($"{path}.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        }

        PodValidation.Spec(spec.Obj("template", "spec"), $"{path}.template.spec", errors);
    }

    private static void CronJob(JsonObject spec, List<FieldError> errors)
    {
        var schedule = spec.Str("schedule");
        if (schedule.Length == 0)
        {
            errors.Add(FieldError.Required("spec.schedule"));
        }
        else if (CronSchedule.TryParse(schedule) is null)
        {
            errors.Add(FieldError.Invalid("spec.schedule", $"\"{schedule}\"", $"expected exactly 5 fields, found {schedule.Split(' ').Length}: [{schedule}]"));
        }

        Job(spec.Obj("jobTemplate", "spec"), "spec.jobTemplate.spec", errors);
    }

    private static void Service(JsonObject spec, List<FieldError> errors)
    {
        var ports = spec.Items("ports").ToList();
        if (ports.Count == 0 && spec.Str("type") != "ExternalName" && spec.Str("clusterIP") != "None")
        {
            errors.Add(FieldError.Required("spec.ports"));
        }

        for (var i = 0; i < ports.Count; i++)
        {
            if (ports[i].Int("port") is < 1 or > 65535)
            {
                errors.Add(FieldError.Invalid($"spec.ports[{i}].port", ports[i]["port"]?.ToJsonString() ?? "0", "must be between 1 and 65535, inclusive"));
            }
        }

        if (spec.Str("type") is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            errors.Add(FieldError.Unsupported("spec.type", spec.Str("type"), "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"));
        }
    }

    private static void Claim(JsonObject old, JsonObject next, List<FieldError> errors)
    {
        JsonObject Frozen(JsonObject claim)
        {
            var spec = claim.Obj("spec").Clone();
            spec.Remove("resources");
            if (old.Str("spec", "volumeName").Length == 0)
            {
                spec.Remove("volumeName");
            }

            return spec;
        }

        if (!Json.Same(Frozen(old), Frozen(next)))
        {
            errors.Add(FieldError.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
        }

        var (before, after) = (Quantity.Units(old.Str("spec", "resources", "requests", "storage")), Quantity.Units(next.Str("spec", "resources", "requests", "storage")));
        if (after < before)
        {
            errors.Add(FieldError.Forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z")]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex LabelKey();
}
