using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>Rules for pod specs and their containers.</summary>
internal static partial class PodValidation
{
    public static void Spec(JsonObject spec, string path, List<FieldError> errors, IEnumerable<string>? furtherVolumes = null)
    {
        var containers = spec.Items("containers").ToList();
        if (containers.Count == 0)
        {
            errors.Add(FieldError.Required($"{path}.containers"));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var volumes = spec.Items("volumes").Select(v => v.Str("name")).Concat(furtherVolumes ?? []).ToHashSet(StringComparer.Ordinal);
        foreach (var (list, label) in new[] { (containers, "containers"), (spec.Items("initContainers").ToList(), "initContainers") })
        {
            for (var i = 0; i < list.Count; i++)
            {
                Container(list[i], $"{path}.{label}[{i}]", names, volumes, errors);
            }
        }
    }

    /// <summary>A pod's spec hardly changes after creation.</summary>
    public static void Update(JsonObject old, JsonObject next, List<FieldError> errors)
    {
        JsonObject Frozen(JsonObject pod)
        {
            var spec = pod.Obj("spec").Clone();
            foreach (var name in new[] { "activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations" })
            {
                spec.Remove(name);
            }

            foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
            {
                container.Remove("image");
                container.Remove("imagePullPolicy");
            }

            if (old.Str("spec", "nodeName").Length == 0)
            {
                spec.Remove("nodeName");
            }

            return spec;
        }

        if (!Json.Same(Frozen(old), Frozen(next)))
        {
            errors.Add(FieldError.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
    }

    private static void Container(JsonObject container, string path, HashSet<string> names, HashSet<string> volumes, List<FieldError> errors)
    {
        var name = container.Str("name");
        if (name.Length == 0)
        {
            errors.Add(FieldError.Required($"{path}.name"));
        }
        else if (!Label().IsMatch(name))
        {
            errors.Add(FieldError.Invalid($"{path}.name", $"\"{name}\"", "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"));
        }
        else if (!names.Add(name))
        {
            errors.Add(new FieldError($"{path}.name", "FieldValueDuplicate", $"Duplicate value: \"{name}\""));
        }

        var image = container.Str("image");
        if (image.Length == 0)
        {
            errors.Add(FieldError.Required($"{path}.image"));
        }
        else if (image != image.Trim())
        {
            errors.Add(FieldError.Invalid($"{path}.image", $"\"{image}\"", "must not have leading or trailing whitespace"));
        }

        if (container.Str("imagePullPolicy") is not ("Always" or "IfNotPresent" or "Never"))
        {
            errors.Add(FieldError.Unsupported($"{path}.imagePullPolicy", container.Str("imagePullPolicy"), "Always", "IfNotPresent", "Never"));
        }

        Resources(container, path, errors);
        Ports(container, path, errors);
        foreach (var (mount, i) in container.Items("volumeMounts").Select((m, i) => (m, i)))
        {
            if (!volumes.Contains(mount.Str("name")))
            {
                errors.Add(new FieldError($"{path}.volumeMounts[{i}].name", "FieldValueNotFound", $"Not found: \"{mount.Str("name")}\""));
            }
        }
    }

    private static void Resources(JsonObject container, string path, List<FieldError> errors)
    {
        foreach (var part in new[] { "limits", "requests" })
        {
            foreach (var (resource, value) in container.Obj("resources", part))
            {
                if (!Quantity.TryParse(Json.Text(value), out var amount))
                {
                    throw KubeErrors.BadRequest("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
                }

                if (amount < 0)
                {
                    errors.Add(FieldError.Invalid($"{path}.resources.{part}[{resource}]", $"\"{Json.Text(value)}\"", "must be greater than or equal to 0"));
                }

                var limit = container.Str("resources", "limits", resource);
                if (part == "requests" && limit.Length > 0 && Quantity.TryParse(limit, out var most) && amount > most)
                {
                    errors.Add(FieldError.Invalid($"{path}.resources.requests", $"\"{Json.Text(value)}\"", $"must be less than or equal to {resource} limit of {limit}"));
                }
            }
        }
    }

    private static void Ports(JsonObject container, string path, List<FieldError> errors)
    {
        foreach (var (port, i) in container.Items("ports").Select((p, i) => (p, i)))
        {
            if (port.Int("containerPort") is < 1 or > 65535)
            {
                errors.Add(FieldError.Invalid($"{path}.ports[{i}].containerPort", port["containerPort"]?.ToJsonString() ?? "0", "must be between 1 and 65535, inclusive"));
            }
        }

        foreach (var probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            foreach (var action in new[] { "httpGet", "tcpSocket" })
            {
                var port = container.At(probe, action, "port");
                if (port is not null && container.Number(probe, action, "port") is { } number and (< 1 or > 65535))
                {
                    errors.Add(FieldError.Invalid($"{path}.{probe}.{action}.port", number.ToString(System.Globalization.CultureInfo.InvariantCulture), "must be between 1 and 65535, inclusive"));
                }
            }
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();
}
