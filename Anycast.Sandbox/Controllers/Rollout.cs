using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Decides how many replicas each ReplicaSet of a Deployment should have next (rolling.go and recreate.go).</summary>
internal static class Rollout
{
    public static int MaxSurge(JsonObject deployment) => deployment.Str("spec", "strategy", "type") == "Recreate"
        ? 0
        : Parts.Scaled(deployment.At("spec", "strategy", "rollingUpdate", "maxSurge"), deployment.Int("spec", "replicas"), roundUp: true);

    public static int MaxUnavailable(JsonObject deployment)
    {
        var desired = deployment.Int("spec", "replicas");
        if (deployment.Str("spec", "strategy", "type") == "Recreate" || desired == 0)
        {
            return 0;
        }

        var unavailable = Parts.Scaled(deployment.At("spec", "strategy", "rollingUpdate", "maxUnavailable"), desired, roundUp: false);

        // Neither up nor down would never move: the API server's rule is to take one down then.
        return Math.Min(desired, unavailable == 0 && MaxSurge(deployment) == 0 ? 1 : unavailable);
    }

    public static List<(StoredObject Set, int Replicas)> Plan(JsonObject deployment, StoredObject? current, List<StoredObject> sets)
    {
        var desired = deployment.Int("spec", "replicas");
        var replicas = sets.ToDictionary(s => s.Name, s => s.Json.Int("spec", "replicas"));
        var old = sets.Where(s => s.Name != current?.Name).ToList();
        if (deployment.Bool("spec", "paused"))
        {
            // A paused Deployment still follows a scale, on the set that serves.
            if (sets.Where(s => replicas[s.Name] > 0).ToList() is [var only])
            {
                replicas[only.Name] = desired;
            }
        }
        else if (current is not null && deployment.Str("spec", "strategy", "type") == "Recreate")
        {
            foreach (var set in old)
            {
                replicas[set.Name] = 0;
            }

            if (old.All(s => s.Json.Int("status", "replicas") == 0))
            {
                replicas[current.Name] = desired;
            }
        }
        else if (current is not null)
        {
            Roll(deployment, current, old, replicas, desired);
        }

        return [.. sets.Select(s => (s, replicas[s.Name]))];
    }

    private static void Roll(JsonObject deployment, StoredObject current, List<StoredObject> old, Dictionary<string, int> replicas, int desired)
    {
        var total = replicas.Values.Sum();
        var mine = replicas[current.Name];
        var room = desired + MaxSurge(deployment) - total;
        var up = mine > desired ? desired : mine + Math.Max(0, Math.Min(room, desired - mine));
        replicas[current.Name] = up;
        total += up - mine;

        var least = desired - MaxUnavailable(deployment);
        var unavailable = up - Math.Min(up, Available(current));
        var surplus = total - least - unavailable;

        // Old pods that do not work go first: they serve nobody.
        foreach (var set in old)
        {
            var broken = replicas[set.Name] - Math.Min(replicas[set.Name], Available(set));
            var down = Math.Max(0, Math.Min(surplus, broken));
            replicas[set.Name] -= down;
            surplus -= down;
        }

        var available = Math.Min(up, Available(current)) + old.Sum(s => Math.Min(replicas[s.Name], Available(s)));
        var spare = available - least;
        foreach (var set in old)
        {
            var down = Math.Max(0, Math.Min(spare, replicas[set.Name]));
            replicas[set.Name] -= down;
            spare -= down;
        }
    }

    private static int Available(StoredObject set) => set.Json.Int("status", "availableReplicas");
}
