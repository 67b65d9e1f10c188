using Anycast.Sandbox.Admission;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Counts what PodDisruptionBudgets allow.</summary>
internal sealed class BudgetController(ControllerContext context) : IController
{
    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.PodDisruptionBudget)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.Pod && (change.Type != ChangeType.Modified || change.Previous!.Pod!.Ready != change.Object.Pod!.Ready))
        {
            foreach (var budget in context.Store.List(BuiltIn.PodDisruptionBudget, change.Object.Namespace))
            {
                context.Queue.Add(this, budget.Key, context.Time.Scaled(0.1));
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.PodDisruptionBudget, key) is not { } budget)
        {
            return;
        }

        var selector = LabelSelector.Of(budget.Json.Obj("spec", "selector"));
        var pods = context.Store.List(BuiltIn.Pod, key.Namespace).Where(p => !p.Pod!.Finished && !p.Deleting && selector.Matches(p.Labels)).ToList();
        var expected = pods.Count;
        var healthy = pods.Count(p => p.Pod!.Ready);
        var desired = budget.Json.At("spec", "maxUnavailable") is { } most
            ? Math.Max(0, expected - Parts.Scaled(most, expected, roundUp: true))
            : Parts.Scaled(budget.Json.At("spec", "minAvailable"), expected, roundUp: true);
        var allowed = expected == 0 ? 0 : Math.Max(0, healthy - desired);
        context.Store.Mutate(
            BuiltIn.PodDisruptionBudget,
            key,
            b =>
            {
                var status = b.Ensure("status");
                Parts.SetCondition(
                    status, "DisruptionAllowed", allowed > 0 ? "True" : "False", allowed > 0 ? "SufficientPods" : "InsufficientPods", "", context.Now);
                status["currentHealthy"] = healthy;
                status["desiredHealthy"] = desired;
                status["disruptionsAllowed"] = allowed;
                status["expectedPods"] = expected;
                status["observedGeneration"] = b.Number("metadata", "generation");
                return true;
            },
            Parts.Status);
    }
}

/// <summary>Counts what namespaces use of their ResourceQuotas.</summary>
internal sealed class QuotaController(ControllerContext context) : IController
{
    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.ResourceQuota)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Type != ChangeType.Modified && change.Object.Kind.Namespaced && change.Object.Kind != BuiltIn.Event)
        {
            foreach (var quota in context.Store.List(BuiltIn.ResourceQuota, change.Object.Namespace))
            {
                context.Queue.Add(this, quota.Key, context.Time.Scaled(0.2));
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.ResourceQuota, key) is null)
        {
            return;
        }

        var used = QuotaUsage.Of(context.Store, key.Namespace);
        context.Store.Mutate(
            BuiltIn.ResourceQuota,
            key,
            q =>
            {
                var status = q.Ensure("status");
                var hard = q.Obj("spec", "hard");
                status["hard"] = hard.Clone();
                status["used"] = Json.ToMap(hard.Select(h => KeyValuePair.Create(h.Key, QuotaUsage.Print(h.Key, used.GetValueOrDefault(h.Key)))));
                return true;
            },
            Parts.Status);
    }
}
