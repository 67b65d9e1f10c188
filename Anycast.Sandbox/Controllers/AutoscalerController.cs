using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>
/// HorizontalPodAutoscalers. No metrics API is served here, so every one of them finds its target and cannot read its metrics, as in a
/// cluster without a metrics server.
/// </summary>
internal sealed class AutoscalerController(ControllerContext context) : IController
{
    private const string Component = "horizontal-pod-autoscaler";
    private static readonly TimeSpan _every = TimeSpan.FromMinutes(5);

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.HorizontalPodAutoscaler && change.Type != ChangeType.Deleted)
        {
            context.Queue.Add(this, change.Object.Key, context.Time.Scaled(0.3));
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.HorizontalPodAutoscaler, key) is not { Deleting: false } scaler)
        {
            return;
        }

        var reference = scaler.Json.Obj("spec", "scaleTargetRef");
        var kind = context.Store.Kinds.ByType(reference.Str("apiVersion"), reference.Str("kind"));
        var target = kind is null ? null : context.Store.Find(kind, scaler.Namespace, reference.Str("name"));
        var resource = scaler.Json.Items("spec", "metrics").FirstOrDefault().Str("resource", "name") is { Length: > 0 } named ? named : "cpu";
        if (target is null)
        {
            var missing = $"the HPA controller was unable to get the target's current scale: {kind?.GroupResource ?? reference.Str("kind")} \"{reference.Str("name")}\" not found";
            Write(key, null, s => Parts.SetCondition(s, "AbleToScale", "False", "FailedGetScale", missing, context.Now));
            context.Events.Warning(scaler, "FailedGetScale", missing[(missing.IndexOf(": ", StringComparison.Ordinal) + 2)..], Component);
        }
        else
        {
            const string NoMetrics = "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)";
            var message = $"failed to get {resource} utilization: unable to get metrics for resource {resource}: {NoMetrics}";
            Write(key, target, s =>
            {
                Parts.SetCondition(s, "AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale", context.Now);
                Parts.SetCondition(s, "ScalingActive", "False", "FailedGetResourceMetric", $"the HPA was unable to compute the replica count: {message}", context.Now);
            });
            context.Events.Warning(scaler, "FailedGetResourceMetric", message, Component);
            context.Events.Warning(scaler, "FailedComputeMetricsReplicas", $"invalid metrics (1 invalid out of 1), first error is: failed to get {resource} resource metric value: {message}", Component);
        }

        context.Queue.Add(this, key, _every);
    }

    private void Write(ObjectKey key, StoredObject? target, Action<JsonObject> conditions) => context.Store.Mutate(
        BuiltIn.HorizontalPodAutoscaler,
        key,
        h =>
        {
            var status = h.Ensure("status");
            status["currentReplicas"] = target?.Json.Int("status", "replicas") ?? 0;
            status["desiredReplicas"] = 0;
            status["currentMetrics"] = null;
            conditions(status);
            return true;
        },
        Parts.Status);
}
