using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Keeps the ControllerRevisions of StatefulSets and DaemonSets: one per template that was ever wanted.</summary>
internal static class Revisions
{
    public const string HashKey = "controller-revision-hash";

    /// <summary>The revision of the present template, made when it is new. For StatefulSets it is the name, for DaemonSets the hash.</summary>
    public static string Current(ControllerContext context, StoredObject owner)
    {
        var hash = Parts.Hash(owner.Json.At("spec", "template"));
        var name = $"{owner.Name}-{hash}";
        var label = owner.Kind == BuiltIn.StatefulSet ? name : hash;
        var known = context.Store.ControlledBy(owner.Uid, BuiltIn.ControllerRevision);
        var newest = known.Select(r => r.Json.Number("revision") ?? 0).DefaultIfEmpty(0).Max();
        var present = known.FirstOrDefault(r => r.Name == name);
        if (present is null)
        {
            var labels = owner.Json.Obj("spec", "template", "metadata", "labels").Clone();
            labels[HashKey] = label;
            var template = owner.Json.Obj("spec", "template").Clone();
            template["$patch"] = "replace";
            var revision = new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels, ["ownerReferences"] = new JsonArray(Parts.OwnerReference(owner)) },
                ["data"] = new JsonObject { ["spec"] = new JsonObject { ["template"] = template } },
                ["revision"] = newest + 1,
            };
            context.Store.Write(BuiltIn.ControllerRevision, new ObjectKey(owner.Namespace, name), _ => revision, Parts.Main);
        }
        else if ((present.Json.Number("revision") ?? 0) < newest)
        {
            context.Store.Mutate(BuiltIn.ControllerRevision, present.Key, r =>
            {
                r["revision"] = newest + 1;
                return true;
            }, Parts.Main);
        }

        return label;
    }
}
