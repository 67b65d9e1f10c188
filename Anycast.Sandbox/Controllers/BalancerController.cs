using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Gives addresses to Services of type LoadBalancer and to Ingresses whose class exists.</summary>
internal sealed class BalancerController(ControllerContext context) : IController
{
    private readonly Dictionary<ObjectKey, string> _addresses = [];

    public void Observe(Change change)
    {
        var kind = change.Object.Kind;
        if ((kind == BuiltIn.Service && change.Type == ChangeType.Added) || kind == BuiltIn.Ingress)
        {
            context.Queue.Add(this, new ObjectKey($"{kind.Kind}/{change.Object.Namespace}", change.Object.Name), context.Time.Scaled(0.5));
        }
    }

    public void Reconcile(ObjectKey key)
    {
        var parts = key.Namespace.Split('/', 2);
        var kind = parts[0] == "Service" ? BuiltIn.Service : BuiltIn.Ingress;
        if (context.Store.Find(kind, parts[1], key.Name) is not { } obj || obj.Json.Items("status", "loadBalancer", "ingress").Any())
        {
            return;
        }

        if (kind == BuiltIn.Service && obj.Json.Str("spec", "type") == "LoadBalancer")
        {
            var address = _addresses.TryGetValue(obj.Key, out var known) ? known : _addresses[obj.Key] = $"203.0.113.{10 + (_addresses.Count % 200)}";
            context.Events.Normal(obj, "EnsuringLoadBalancer", "Ensuring load balancer", "service-controller");
            Give(obj, address);
            context.Events.Normal(obj, "EnsuredLoadBalancer", "Ensured load balancer", "service-controller");
        }
        else if (kind == BuiltIn.Ingress && context.Store.Find(BuiltIn.IngressClass, "", obj.Json.Str("spec", "ingressClassName")) is not null)
        {
            Give(obj, _addresses.Values.FirstOrDefault() ?? "203.0.113.10");
            context.Events.Normal(obj, "Sync", "Scheduled for sync", "nginx-ingress-controller");
        }
    }

    private void Give(StoredObject obj, string address) => context.Store.Mutate(
        obj.Kind,
        obj.Key,
        o =>
        {
            o.Ensure("status", "loadBalancer")["ingress"] = new JsonArray(new JsonObject { ["ip"] = address });
            return true;
        },
        Parts.Status);
}
