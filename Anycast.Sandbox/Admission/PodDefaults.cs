using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>Defaults of a pod spec, the same in a Pod and in every pod template.</summary>
internal static class PodDefaults
{
    public static void Apply(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        if (spec.ContainsKey("serviceAccountName"))
        {
            spec["serviceAccount"] = spec.Str("serviceAccountName");
        }

        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            Container(container);
        }

        foreach (var volume in spec.Items("volumes"))
        {
            foreach (var source in new[] { "secret", "configMap", "projected", "downwardAPI" })
            {
                (volume[source] as JsonObject)?.Default("defaultMode", 420);
            }

            if (volume.ContainsKey("hostPath"))
            {
                volume.Obj("hostPath").Default("type", "");
            }
        }
    }

    private static void Container(JsonObject container)
    {
        var image = container.Str("image");
        var tag = image[(image.LastIndexOf('/') + 1)..];
        var isLatest = !tag.Contains('@', StringComparison.Ordinal) && (!tag.Contains(':', StringComparison.Ordinal) || tag.EndsWith(":latest", StringComparison.Ordinal));
        container.Default("imagePullPolicy", isLatest ? "Always" : "IfNotPresent");
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        container.Default("resources", new JsonObject());
        foreach (var port in container.Items("ports"))
        {
            port.Default("protocol", "TCP");
        }

        foreach (var (resource, limit) in container.Obj("resources", "limits"))
        {
            container.Ensure("resources", "requests").Default(resource, limit?.DeepClone());
        }

        foreach (var name in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (container[name] is not JsonObject probe)
            {
                continue;
            }

            probe.Default("timeoutSeconds", 1);
            probe.Default("periodSeconds", 10);
            probe.Default("successThreshold", 1);
            probe.Default("failureThreshold", 3);
            if (probe["httpGet"] is JsonObject http)
            {
                http.Default("path", "/");
                http.Default("scheme", "HTTP");
            }
        }

        foreach (var reference in container.Items("env").Select(e => e.At("valueFrom", "fieldRef")).OfType<JsonObject>())
        {
            reference.Default("apiVersion", "v1");
        }
    }
}
