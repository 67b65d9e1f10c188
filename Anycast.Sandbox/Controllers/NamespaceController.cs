using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Namespaces: gives new ones their default service account and CA, empties those that are deleted.</summary>
internal sealed class NamespaceController(ControllerContext context) : IController
{
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(0.5);

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.Namespace && change.Type != ChangeType.Deleted)
        {
            context.Queue.Add(this, change.Object.Key);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.Namespace, key) is not { } ns)
        {
            return;
        }

        if (ns.Deleting)
        {
            Empty(ns);
        }
        else
        {
            Furnish(ns.Name, context.Writer);
        }
    }

    /// <summary>What every namespace holds.</summary>
    public static void Furnish(string ns, ResourceWriter writer)
    {
        if (writer.Store.Find(BuiltIn.ServiceAccount, ns, "default") is null)
        {
            writer.Create(BuiltIn.ServiceAccount, ns, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" } }, Parts.Main);
        }

        if (writer.Store.Find(BuiltIn.ConfigMap, ns, "kube-root-ca.crt") is null)
        {
            writer.Create(
                BuiltIn.ConfigMap,
                ns,
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = "kube-root-ca.crt",
                        ["annotations"] = new JsonObject { ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints." },
                    },
                    ["data"] = new JsonObject { ["ca.crt"] = "-----BEGIN CERTIFICATE-----\nsandbox\n-----END CERTIFICATE-----\n" },
                },
                Parts.Main);
        }
    }

    private void Empty(StoredObject ns)
    {
        var left = 0;
        foreach (var kind in context.Store.Kinds.All.Where(k => k is { Namespaced: true, StoredAs: null }))
        {
            foreach (var obj in context.Store.List(kind, ns.Name).ToList())
            {
                if (!obj.Deleting && context.Store.Find(kind, obj.Key) is not null)
                {
                    context.Writer.Delete(kind, obj.Key, new DeleteOptions());
                }

                left += context.Store.Find(kind, obj.Key) is null ? 0 : 1;
            }
        }

        if (left > 0)
        {
            context.Queue.Add(this, ns.Key, _again);
            return;
        }

        context.Store.Mutate(
            BuiltIn.Namespace,
            ns.Key,
            n =>
            {
                n.Ensure("spec")["finalizers"] = new JsonArray();
                return true;
            },
            Parts.Main);
    }
}
