using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>Hands out cluster IPs (10.96.0.0/16) and node ports (from 30000), as the API server does for Services.</summary>
internal sealed class ServiceAddresses
{
    private int _next = 9;
    private int _nextPort = 30100;

    public void Assign(JsonObject? old, JsonObject next)
    {
        var spec = next.Ensure("spec");
        var type = spec.Str("type");
        if (type == "ExternalName")
        {
            return;
        }

        if (spec.Str("clusterIP").Length == 0)
        {
            var kept = old.Str("spec", "clusterIP");
            var number = kept.Length > 0 ? 0 : Interlocked.Increment(ref _next);
            spec["clusterIP"] = kept.Length > 0 ? kept : $"10.96.{number / 250}.{(number % 250) + 1}";
        }

        spec["clusterIPs"] = new JsonArray(spec.Str("clusterIP"));
        foreach (var port in spec.Items("ports").Where(p => type is "NodePort" or "LoadBalancer" && !p.ContainsKey("nodePort")))
        {
            port["nodePort"] = Interlocked.Increment(ref _nextPort);
        }
    }
}
