using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>Looks whether the Secrets and ConfigMaps that a pod names are there.</summary>
internal static class References
{
    /// <summary>What keeps a container from being created, in the kubelet's words; null when nothing does.</summary>
    public static string? MissingEnvironment(ObjectStore store, string ns, JsonObject container)
    {
        foreach (var source in container.Items("envFrom"))
        {
            if ((Missing(store, ns, source["secretRef"], BuiltIn.Secret, "name") ?? Missing(store, ns, source["configMapRef"], BuiltIn.ConfigMap, "name")) is { } why)
            {
                return why;
            }
        }

        foreach (var variable in container.Items("env"))
        {
            var from = variable.At("valueFrom");
            var why = Missing(store, ns, from.At("secretKeyRef"), BuiltIn.Secret, "name") ?? Missing(store, ns, from.At("configMapKeyRef"), BuiltIn.ConfigMap, "name");
            if (why is not null)
            {
                return why;
            }
        }

        return null;
    }

    /// <summary>The first volume that cannot be mounted, with the reason; null when all can.</summary>
    public static (string Volume, string Why)? MissingVolume(ObjectStore store, JsonObject pod)
    {
        var ns = pod.Str("metadata", "namespace");
        foreach (var volume in pod.Items("spec", "volumes"))
        {
            var why = Missing(store, ns, volume["secret"], BuiltIn.Secret, "secretName") ?? Missing(store, ns, volume["configMap"], BuiltIn.ConfigMap, "name");
            if (why is not null)
            {
                return (volume.Str("name"), why);
            }
        }

        return null;
    }

    private static string? Missing(ObjectStore store, string ns, JsonNode? reference, KindInfo kind, string member)
    {
        if (reference is not JsonObject named || named.Bool("optional"))
        {
            return null;
        }

        var name = named.Str(member);
        if (store.Find(kind, ns, name) is not { } found)
        {
            return $"{kind.Singular} \"{name}\" not found";
        }

        var key = named.Str("key");
        return key.Length > 0 && !found.Json.Obj("data").ContainsKey(key) ? $"couldn't find key {key} in {kind.Kind} {ns}/{name}" : null;
    }
}
