using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Endpoints and EndpointSlices of Services, from their selectors and the readiness of pods.</summary>
internal sealed class EndpointsController(ControllerContext context) : IController
{
    private const string NameKey = "kubernetes.io/service-name";

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.Service)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.Pod && Matters(change))
        {
            foreach (var service in context.Store.List(BuiltIn.Service, change.Object.Namespace))
            {
                if (Selector(service) is { } selector && (selector.Matches(change.Object.Labels) || (change.Previous is { } old && selector.Matches(old.Labels))))
                {
                    context.Queue.Add(this, service.Key, Parts.Together);
                }
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.Service, key) is not { Deleting: false } service)
        {
            context.Store.Remove(BuiltIn.Endpoints, key);
            return;
        }

        if (Selector(service) is not { } selector)
        {
            return;
        }

        var pods = context.Store.List(BuiltIn.Pod, key.Namespace)
            .Where(p => selector.Matches(p.Labels) && !p.Pod!.Finished && p.Json.Str("status", "podIP").Length > 0)
            .ToList();
        WriteEndpoints(service, pods);
        WriteSlice(service, pods);
    }

    private static LabelSelector? Selector(StoredObject service) =>
        service.Json.At("spec", "selector") is JsonObject { Count: > 0 } map ? LabelSelector.OfMap(map) : null;

    private static bool Matters(Change change) =>
        change.Type != ChangeType.Modified
        || change.Previous!.Pod != change.Object.Pod
        || change.Previous.Deleting != change.Object.Deleting
        || !change.Previous.Labels.SequenceEqual(change.Object.Labels);

    /// <summary>The number of a port on a pod; null when its name is not declared there.</summary>
    public static int? TargetPort(JsonObject servicePort, JsonObject pod)
    {
        if (servicePort.Number("targetPort") is { } number)
        {
            return (int)number;
        }

        var name = servicePort.Str("targetPort");
        return pod.Items("spec", "containers").SelectMany(c => c.Items("ports")).FirstOrDefault(p => p.Str("name") == name) is { } port ? port.Int("containerPort") : null;
    }

    private static JsonArray Ports(StoredObject service, StoredObject? pod)
    {
        var ports = new JsonArray();
        foreach (var port in service.Json.Items("spec", "ports"))
        {
            if ((pod is null ? (int?)port.Number("targetPort") : TargetPort(port, pod.Json)) is { } number)
            {
                ports.Add(new JsonObject { ["name"] = port.Str("name"), ["port"] = number, ["protocol"] = port.Str("protocol") });
            }
        }

        return ports;
    }

    private static JsonObject Target(StoredObject pod) => new() { ["kind"] = "Pod", ["namespace"] = pod.Namespace, ["name"] = pod.Name, ["uid"] = pod.Uid };

    private void WriteEndpoints(StoredObject service, List<StoredObject> pods)
    {
        JsonArray Addresses(bool ready) => Json.ToArray(pods.Where(p => !p.Deleting && p.Pod!.Ready == ready).Select(p => (JsonNode)new JsonObject
        {
            ["ip"] = p.Json.Str("status", "podIP"),
            ["nodeName"] = p.Pod!.NodeName,
            ["targetRef"] = Target(p),
        }));
        var subset = new JsonObject();
        if (Addresses(true) is { Count: > 0 } ready)
        {
            subset["addresses"] = ready;
        }

        if (Addresses(false) is { Count: > 0 } waiting)
        {
            subset["notReadyAddresses"] = waiting;
        }

        var endpoints = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = service.Json.At("metadata", "labels")?.DeepClone() } };
        if (subset.Count > 0)
        {
            subset["ports"] = Ports(service, pods[0]);
            endpoints["subsets"] = new JsonArray(subset);
        }

        if (endpoints.At("metadata", "labels") is null)
        {
            endpoints.Ensure("metadata").Remove("labels");
        }

        context.Store.Write(BuiltIn.Endpoints, service.Key, _ => endpoints, Parts.Main);
    }

    private void WriteSlice(StoredObject service, List<StoredObject> pods)
    {
        var slice = context.Store.ControlledBy(service.Uid, BuiltIn.EndpointSlice) is [var first, ..] ? first : null;
        var name = slice?.Name ?? $"{service.Name}-{ResourceWriter.Suffix()}";
        var labels = new JsonObject();
        foreach (var (key, value) in service.Labels)
        {
            labels[key] = value;
        }

        labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
        labels[NameKey] = service.Name;
        var content = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["generateName"] = service.Name + "-",
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(Parts.OwnerReference(service)),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = Json.ToArray(pods.Select(p => (JsonNode)new JsonObject
            {
                ["addresses"] = new JsonArray(p.Json.Str("status", "podIP")),
                ["conditions"] = new JsonObject
                {
                    ["ready"] = p.Pod!.Ready && !p.Deleting,
                    ["serving"] = p.Pod.Ready,
                    ["terminating"] = p.Deleting,
                },
                ["targetRef"] = Target(p),
                ["nodeName"] = p.Pod.NodeName,
            })),
            ["ports"] = Ports(service, pods.Count > 0 ? pods[0] : null),
        };
        context.Store.Write(BuiltIn.EndpointSlice, new ObjectKey(service.Namespace, name), _ => content, Parts.Main);
    }
}
