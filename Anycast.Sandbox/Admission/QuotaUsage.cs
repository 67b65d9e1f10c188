using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>What a namespace uses of what a ResourceQuota can limit. Amounts in thousandths for CPU, else in units.</summary>
internal static class QuotaUsage
{
    public static Dictionary<string, long> Of(ObjectStore store, string ns)
    {
        var used = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var pod in store.List(BuiltIn.Pod, ns).Where(p => !p.Pod!.Finished))
        {
            foreach (var (key, amount) in OfPod(pod.Json))
            {
                used[key] = used.GetValueOrDefault(key) + amount;
            }
        }

        var claims = store.List(BuiltIn.PersistentVolumeClaim, ns).ToList();
        used["persistentvolumeclaims"] = claims.Count;
        used["requests.storage"] = claims.Sum(c => Quantity.Units(c.Json.Str("spec", "resources", "requests", "storage")));
        used["services"] = store.List(BuiltIn.Service, ns).Count();
        used["configmaps"] = store.List(BuiltIn.ConfigMap, ns).Count();
        used["secrets"] = store.List(BuiltIn.Secret, ns).Count();
        return used;
    }

    public static Dictionary<string, long> OfPod(JsonObject pod)
    {
        var asked = new Dictionary<string, long>(StringComparer.Ordinal) { ["pods"] = 1, ["count/pods"] = 1 };
        foreach (var container in pod.Items("spec", "containers"))
        {
            foreach (var part in new[] { "requests", "limits" })
            {
                foreach (var (resource, value) in container.Obj("resources", part))
                {
                    var key = $"{part}.{resource}";
                    asked[key] = asked.GetValueOrDefault(key) + Parse(key, Json.Text(value));
                }
            }
        }

        foreach (var plain in new[] { "cpu", "memory" })
        {
            asked[plain] = asked.GetValueOrDefault("requests." + plain);
        }

        return asked;
    }

    public static long Parse(string key, string text) => key.EndsWith("cpu", StringComparison.Ordinal) ? Quantity.Millis(text) : Quantity.Units(text);

    public static string Print(string key, long amount) =>
        key.EndsWith("cpu", StringComparison.Ordinal) ? Quantity.FromMillis(amount)
        : key.EndsWith("memory", StringComparison.Ordinal) || key.EndsWith("storage", StringComparison.Ordinal) ? Quantity.FromBytes(amount)
        : amount.ToString(CultureInfo.InvariantCulture);
}
