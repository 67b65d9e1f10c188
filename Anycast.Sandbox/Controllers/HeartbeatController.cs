using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>The heartbeats of kubelets once the cluster is live: a lease every ten seconds, the conditions' times every five minutes.</summary>
internal sealed class HeartbeatController(ControllerContext context) : IController
{
    private const string Namespace = "kube-node-lease";
    private static readonly TimeSpan _leaseEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _statusEvery = TimeSpan.FromMinutes(5);

    public void GoLive()
    {
        foreach (var node in context.Store.List(BuiltIn.Node))
        {
            context.Queue.Add(this, node.Key);
        }
    }

    public void Observe(Change change)
    {
        if (change.Object.Kind != BuiltIn.Node)
        {
            return;
        }

        if (change.Type == ChangeType.Added && context.Time.IsLive)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Type == ChangeType.Deleted)
        {
            context.Store.Remove(BuiltIn.Lease, new ObjectKey(Namespace, change.Object.Name));
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.Node, key) is not { } node)
        {
            return;
        }

        var last = Parts.Condition(node.Json, "Ready").Time("lastHeartbeatTime") ?? DateTimeOffset.MinValue;
        if (context.Now - last >= _statusEvery)
        {
            context.Store.Mutate(
                BuiltIn.Node,
                key,
                n =>
                {
                    foreach (var condition in n.Items("status", "conditions"))
                    {
                        condition["lastHeartbeatTime"] = Json.Stamp(context.Now);
                    }

                    return true;
                },
                new WriteBy("kubelet", WritePart.Status));
        }

        if (context.Store.Find(BuiltIn.Namespace, "", Namespace) is not null)
        {
            context.Store.Write(BuiltIn.Lease, new ObjectKey(Namespace, node.Name), current => Renewed(current, node), new WriteBy("kubelet"));
        }

        context.Queue.Add(this, key, _leaseEvery);
    }

    private JsonObject Renewed(StoredObject? current, StoredObject node)
    {
        var lease = current?.Copy() ?? new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["creationTimestamp"] = Json.Stamp(node.Created),
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node.Name, ["uid"] = node.Uid }),
            },
        };
        var spec = lease.Ensure("spec");
        spec["holderIdentity"] = node.Name;
        spec["leaseDurationSeconds"] = 40;
        spec["renewTime"] = Json.MicroStamp(context.Now);
        return lease;
    }
}
