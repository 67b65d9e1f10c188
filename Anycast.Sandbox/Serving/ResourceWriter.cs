using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Admission;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>How an object is to be deleted (metav1.DeleteOptions).</summary>
internal sealed record DeleteOptions(string Propagation = "Background", int? GraceSeconds = null, string? Uid = null, string? ResourceVersion = null, bool DryRun = false)
{
    public static DeleteOptions Of(JsonObject body, bool dryRun, string propagationParameter) => new(
        body.Str("propagationPolicy") is { Length: > 0 } policy ? policy : body.Bool("orphanDependents") ? "Orphan" : propagationParameter.Length > 0 ? propagationParameter : "Background",
        (int?)body.Number("gracePeriodSeconds"),
        body.At("preconditions", "uid") is { } uid ? Json.Text(uid) : null,
        body.At("preconditions", "resourceVersion") is { } version ? Json.Text(version) : null,
        dryRun || body.Strings("dryRun").Contains("All"));
}

/// <summary>
/// Creates, changes and deletes objects by the rules of the API server: admission, validation, conflicts, graceful deletion.
/// Requests and controllers both go through it.
/// </summary>
internal sealed class ResourceWriter(ObjectStore store, AdmissionChain admission)
{
    private const string NameLetters = "bcdfghjklmnpqrstvwxz2456789";

    public ObjectStore Store => store;

    public StoredObject Create(KindInfo kind, string ns, JsonObject sent, WriteBy by)
    {
        var obj = kind.StoredAs is null ? sent : EventView.ConvertBack(kind, sent);
        kind = kind.Storage;
        var metadata = obj.Ensure("metadata");
        var name = metadata.Str("name");
        if (name.Length == 0 && metadata.Str("generateName") is { Length: > 0 } prefix)
        {
            name = prefix + Suffix();
            metadata["name"] = name;
        }

        if (name.Length == 0)
        {
            throw KubeErrors.Invalid(kind, "", [FieldError.Required("metadata.name", "name or generateName is required")]);
        }

        if (by.Part == WritePart.Main)
        {
            metadata.Remove("uid");
            metadata.Remove("creationTimestamp");
            if (kind.HasStatus)
            {
                obj.Remove("status");
            }
        }

        if (kind.Namespaced)
        {
            CheckNamespace(kind, ns, name);
            metadata["namespace"] = ns;
        }

        return store.Write(
            kind,
            new ObjectKey(kind.Namespaced ? ns : "", name),
            current =>
            {
                if (current is not null)
                {
                    throw KubeErrors.AlreadyExists(kind, name);
                }

                admission.Admit(kind, null, obj);
                return obj;
            },
            by)!;
    }

    /// <summary>Replaces or patches an object; the change gets a copy of the present one.</summary>
    public StoredObject Update(KindInfo kind, ObjectKey key, Func<JsonObject, JsonObject> change, WriteBy by) =>
        store.Write(
            kind,
            key,
            current =>
            {
                if (current is null)
                {
                    throw KubeErrors.NotFound(kind, key.Name);
                }

                var next = change(current.Copy());
                Check(kind, key, current, next);
                if (by.Part == WritePart.Main)
                {
                    admission.Admit(kind, current.Json, next);
                }

                return next;
            },
            by)!;

    /// <summary>Deletes; the result is the object as it is while it waits, or null when it is gone.</summary>
    public StoredObject? Delete(KindInfo kind, ObjectKey key, DeleteOptions options)
    {
        kind = kind.Storage;
        var current = store.Find(kind, key) ?? throw KubeErrors.NotFound(kind, key.Name);
        if (options.Uid is { } uid && uid != current.Uid)
        {
            throw KubeErrors.Conflict(kind, key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {current.Uid}");
        }

        if (options.ResourceVersion is { } version && version != current.ResourceVersion.ToString(CultureInfo.InvariantCulture))
        {
            throw KubeErrors.Conflict(kind, key.Name, $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {current.ResourceVersion}");
        }

        if (options.DryRun)
        {
            return current;
        }

        if (options.Propagation == "Orphan")
        {
            Orphan(current);
        }

        var grace = GraceOf(kind, current, options);
        var waits = grace > 0 || kind == BuiltIn.Namespace || options.Propagation == "Foreground" || current.Json.Strings("metadata", "finalizers").Any();
        if (!waits)
        {
            store.Remove(kind, key);
            return null;
        }

        return store.Mutate(kind, key, obj => Mark(kind, obj, grace, options), new WriteBy("kube-apiserver", WritePart.Everything));
    }

    public static string Suffix(int length = 5) => string.Create(length, 0, static (span, _) =>
    {
        foreach (ref var letter in span)
        {
            letter = NameLetters[Random.Shared.Next(NameLetters.Length)];
        }
    });

    private bool Mark(KindInfo kind, JsonObject obj, int grace, DeleteOptions options)
    {
        var metadata = obj.Ensure("metadata");
        if (metadata.ContainsKey("deletionTimestamp"))
        {
            return false;
        }

        metadata["deletionTimestamp"] = Json.Stamp(store.Now.AddSeconds(grace));
        metadata["deletionGracePeriodSeconds"] = grace;
        if (options.Propagation == "Foreground")
        {
            metadata.EnsureArray("finalizers").Add("foregroundDeletion");
        }

        if (kind == BuiltIn.Namespace)
        {
            obj.Ensure("status")["phase"] = "Terminating";
        }

        return true;
    }

    private void Orphan(StoredObject owner)
    {
        foreach (var kind in store.Kinds.All.Where(k => k.StoredAs is null))
        {
            foreach (var dependent in store.List(kind, owner.Kind.Namespaced ? owner.Namespace : null).Where(o => o.HasOwners).ToList())
            {
                store.Mutate(
                    kind,
                    dependent.Key,
                    obj =>
                    {
                        var references = obj.Items("metadata", "ownerReferences").ToList();
                        var kept = references.Where(r => r.Str("uid") != owner.Uid).Select(r => r.DeepClone()).ToList();
                        obj.Ensure("metadata")["ownerReferences"] = Json.ToArray(kept);
                        return kept.Count != references.Count;
                    },
                    new WriteBy("kube-controller-manager"));
            }
        }
    }

    private static int GraceOf(KindInfo kind, StoredObject current, DeleteOptions options)
    {
        if (kind != BuiltIn.Pod || current.Pod is { NodeName.Length: 0 } or { Finished: true })
        {
            return 0;
        }

        return options.GraceSeconds ?? (int)(current.Json.Number("spec", "terminationGracePeriodSeconds") ?? 30);
    }

    private void CheckNamespace(KindInfo kind, string ns, string name)
    {
        var found = store.Find(BuiltIn.Namespace, "", ns) ?? throw KubeErrors.NotFound(BuiltIn.Namespace, ns);
        if (found.Deleting)
        {
            throw KubeErrors.Refused(kind, name, $"unable to create new content in namespace {ns} because it is being terminated");
        }
    }

    private static void Check(KindInfo kind, ObjectKey key, StoredObject current, JsonObject next)
    {
        var metadata = next.Obj("metadata");
        if (metadata.Str("resourceVersion") is { Length: > 0 } version && version != current.ResourceVersion.ToString(CultureInfo.InvariantCulture))
        {
            throw KubeErrors.Conflict(kind, key.Name);
        }

        if (metadata.Str("uid") is { Length: > 0 } uid && uid != current.Uid)
        {
            throw KubeErrors.Conflict(kind, key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {current.Uid}");
        }

        if (metadata.Str("name") is { Length: > 0 } name && name != key.Name)
        {
            throw KubeErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({key.Name})");
        }
    }
}
