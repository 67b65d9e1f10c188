using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Tables;

/// <summary>Columns of pods and what makes them.</summary>
internal static class WorkloadColumns
{
    public static IReadOnlyDictionary<string, Column[]> All { get; } = new Dictionary<string, Column[]>(StringComparer.Ordinal)
    {
        ["Pod"] =
        [
            Column.Text("Ready", o => $"{o.Items("status", "containerStatuses").Count(c => c.Bool("ready"))}/{o.Items("spec", "containers").Count()}"),
            Column.Text("Status", PodStatusText.Of),
            Column.Timed("Restarts", Restarts),
            Column.Text("IP", o => o.Str("status", "podIP"), wide: true),
            Column.Text("Node", o => o.Str("spec", "nodeName"), wide: true),
            Column.Text("Nominated Node", o => o.Str("status", "nominatedNodeName"), wide: true),
            Column.Text("Readiness Gates", _ => "", wide: true),
        ],
        ["Deployment"] =
        [
            Column.Text("Ready", o => $"{o.Int("status", "readyReplicas")}/{o.Int("spec", "replicas")}"),
            Column.Number("Up-to-date", o => o.Int("status", "updatedReplicas")),
            Column.Number("Available", o => o.Int("status", "availableReplicas")),
            .. Template(),
        ],
        ["ReplicaSet"] =
        [
            Column.Number("Desired", o => o.Int("spec", "replicas")),
            Column.Number("Current", o => o.Int("status", "replicas")),
            Column.Number("Ready", o => o.Int("status", "readyReplicas")),
            .. Template(),
        ],
        ["ReplicationController"] =
        [
            Column.Number("Desired", o => o.Int("spec", "replicas")),
            Column.Number("Current", o => o.Int("status", "replicas")),
            Column.Number("Ready", o => o.Int("status", "readyReplicas")),
        ],
        ["StatefulSet"] =
        [
            Column.Text("Ready", o => $"{o.Int("status", "readyReplicas")}/{o.Int("spec", "replicas")}"),
            .. Template().Take(2),
        ],
        ["DaemonSet"] =
        [
            Column.Number("Desired", o => o.Int("status", "desiredNumberScheduled")),
            Column.Number("Current", o => o.Int("status", "currentNumberScheduled")),
            Column.Number("Ready", o => o.Int("status", "numberReady")),
            Column.Number("Up-to-date", o => o.Int("status", "updatedNumberScheduled")),
            Column.Number("Available", o => o.Int("status", "numberAvailable")),
            Column.Text("Node Selector", o => Pairs(o.Obj("spec", "template", "spec", "nodeSelector"))),
            .. Template(),
        ],
        ["ControllerRevision"] =
        [
            Column.Text("Controller", o => o.Items("metadata", "ownerReferences").Select(r => $"{r.Str("kind").ToLowerInvariant()}.apps/{r.Str("name")}").FirstOrDefault() ?? ""),
            Column.Number("Revision", o => o.Int("revision")),
        ],
        ["Job"] =
        [
            Column.Text("Status", JobStatus),
            Column.Text("Completions", o => $"{o.Int("status", "succeeded")}/{o.Int("spec", "completions")}"),
            Column.Timed("Duration", (o, now) => o.Time("status", "startTime") is { } start ? TableColumns.Duration((o.Time("status", "completionTime") ?? now) - start) : ""),
            .. Template(),
        ],
        ["CronJob"] =
        [
            Column.Text("Schedule", o => o.Str("spec", "schedule")),
            Column.Text("Timezone", o => o.Str("spec", "timeZone")),
            Column.Text("Suspend", o => o.Bool("spec", "suspend") ? "True" : "False"),
            Column.Number("Active", o => o.Items("status", "active").Count()),
            Column.Timed("Last Schedule", (o, now) => o.Time("status", "lastScheduleTime") is { } last ? TableColumns.Age(last, now) : "<none>"),
            Column.Text("Containers", o => Join(o.Items("spec", "jobTemplate", "spec", "template", "spec", "containers"), "name"), wide: true),
            Column.Text("Images", o => Join(o.Items("spec", "jobTemplate", "spec", "template", "spec", "containers"), "image"), wide: true),
        ],
        ["HorizontalPodAutoscaler"] =
        [
            Column.Text("Reference", o => $"{o.Str("spec", "scaleTargetRef", "kind")}/{o.Str("spec", "scaleTargetRef", "name")}"),
            Column.Text("Targets", Targets),
            Column.Text("MinPods", o => o.Str("spec", "minReplicas")),
            Column.Number("MaxPods", o => o.Int("spec", "maxReplicas")),
            Column.Number("Replicas", o => o.Int("status", "currentReplicas")),
        ],
        ["PodDisruptionBudget"] =
        [
            Column.Text("Min Available", o => o.Str("spec", "minAvailable") is { Length: > 0 } min ? min : "N/A"),
            Column.Text("Max Unavailable", o => o.Str("spec", "maxUnavailable") is { Length: > 0 } max ? max : "N/A"),
            Column.Number("Allowed Disruptions", o => o.Int("status", "disruptionsAllowed")),
        ],
    };

    public static string Pairs(JsonObject map) => string.Join(",", map.Select(p => $"{p.Key}={Json.Text(p.Value)}"));

    private static string Join(IEnumerable<JsonObject> items, string member) => string.Join(",", items.Select(i => i.Str(member)));

    private static Column[] Template() =>
    [
        Column.Text("Containers", o => Join(o.Items("spec", "template", "spec", "containers"), "name"), wide: true),
        Column.Text("Images", o => Join(o.Items("spec", "template", "spec", "containers"), "image"), wide: true),
        Column.Text("Selector", o => Pairs(o.Obj("spec", "selector", "matchLabels")), wide: true),
    ];

    private static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var count = 0;
        DateTimeOffset? last = null;
        foreach (var status in pod.Items("status", "containerStatuses"))
        {
            count += status.Int("restartCount");
            if (status.Time("lastState", "terminated", "finishedAt") is { } finished && (last is null || finished > last))
            {
                last = finished;
            }
        }

        var text = count.ToString(CultureInfo.InvariantCulture);
        return count > 0 && last is not null ? $"{text} ({TableColumns.Age(last, now)} ago)" : text;
    }

    private static string JobStatus(JsonObject job)
    {
        bool Has(string type) => job.Items("status", "conditions").Any(c => c.Str("type") == type && c.Str("status") == "True");
        return Has("Complete") ? "Complete" : Has("Failed") ? "Failed" : Has("Suspended") ? "Suspended" : "Running";
    }

    private static string Targets(JsonObject hpa)
    {
        var current = hpa.Items("status", "currentMetrics").Select(m => m.Number("resource", "current", "averageUtilization")).ToList();
        return string.Join(", ", hpa.Items("spec", "metrics").Select((m, i) =>
        {
            var value = i < current.Count && current[i] is { } percent ? $"{percent}%" : "<unknown>";
            return $"{m.Str("resource", "name")}: {value}/{m.Str("resource", "target", "averageUtilization")}%";
        }));
    }
}
