using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>What several controllers do in the same way.</summary>
internal static class Parts
{
    public const string Manager = "kube-controller-manager";

    /// <summary>What happens to several pods at one moment is looked at together.</summary>
    public static TimeSpan Together { get; } = TimeSpan.FromMilliseconds(15);

    /// <summary>Writes of the main part by the controller manager.</summary>
    public static WriteBy Main { get; } = new(Manager);

    /// <summary>Writes of the status by the controller manager.</summary>
    public static WriteBy Status { get; } = new(Manager, WritePart.Status);

    public static JsonObject OwnerReference(StoredObject owner) => new()
    {
        ["apiVersion"] = owner.Kind.ApiVersion,
        ["kind"] = owner.Kind.Kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>The key of the controlling owner, when it is of the given kind.</summary>
    public static ObjectKey? OwnerKey(StoredObject obj, KindInfo kind) =>
        obj.Owner is { } owner && owner.Kind == kind.Kind ? new ObjectKey(obj.Namespace, owner.Name) : null;

    /// <summary>Sets a condition; times move only when its status (transition) or anything (update) changes.</summary>
    public static void SetCondition(JsonObject status, string type, bool value, string reason, string message, DateTimeOffset now, string updateTime = "lastUpdateTime") =>
        SetCondition(status, type, value ? "True" : "False", reason, message, now, updateTime);

    public static void SetCondition(JsonObject status, string type, string value, string reason, string message, DateTimeOffset now, string updateTime = "")
    {
        var conditions = status.EnsureArray("conditions");
        var present = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Str("type") == type);
        if (present is not null && present.Str("status") == value && present.Str("reason") == reason && present.Str("message") == message)
        {
            return;
        }

        var transition = present is not null && present.Str("status") == value ? present.Str("lastTransitionTime") : Json.Stamp(now);
        var condition = new JsonObject { ["type"] = type, ["status"] = value };
        if (updateTime.Length > 0)
        {
            condition[updateTime] = Json.Stamp(now);
        }

        condition["lastTransitionTime"] = transition;
        if (reason.Length > 0)
        {
            condition["reason"] = reason;
        }

        if (message.Length > 0)
        {
            condition["message"] = message;
        }

        if (present is null)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[conditions.IndexOf(present)] = condition;
        }
    }

    /// <summary>A change of a node in which nothing that matters for placing pods changed.</summary>
    public static bool IsHeartbeat(Change change) =>
        change is { Type: ChangeType.Modified, Part: WritePart.Status } && Json.Same(change.Previous!.Json.At("status", "allocatable"), change.Object.Json.At("status", "allocatable"));

    public static JsonObject? Condition(JsonNode? obj, string type) => obj.Items("status", "conditions").FirstOrDefault(c => c.Str("type") == type);

    public static bool IsTrue(JsonNode? obj, string type) => Condition(obj, type).Str("status") == "True";

    /// <summary>A short hash of a template, in the letters Kubernetes uses for generated names.</summary>
    public static string Hash(JsonNode? template)
    {
        const string Letters = "bcdfghjklmnpqrstvwxz2456789";
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(Canonical(template)?.ToJsonString() ?? ""))
        {
            hash = (hash ^ b) * 16777619u;
        }

        return string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(c => Letters[c % Letters.Length]));
    }

    /// <summary>A pod as a template describes it, owned by <paramref name="owner"/>.</summary>
    public static JsonObject PodFromTemplate(JsonObject template, StoredObject owner, string generateName)
    {
        var metadata = new JsonObject { ["generateName"] = generateName };
        foreach (var part in new[] { "labels", "annotations" })
        {
            if (template.At("metadata", part) is JsonObject map)
            {
                metadata[part] = map.DeepClone();
            }
        }

        metadata["ownerReferences"] = new JsonArray(OwnerReference(owner));
        return new JsonObject { ["kind"] = "Pod", ["apiVersion"] = "v1", ["metadata"] = metadata, ["spec"] = template.Obj("spec").Clone() };
    }

    /// <summary>A count or a percentage of a total (IntOrString).</summary>
    public static int Scaled(JsonNode? value, int total, bool roundUp)
    {
        var text = Json.Text(value);
        if (!text.EndsWith('%'))
        {
            return int.TryParse(text, CultureInfo.InvariantCulture, out var count) ? count : 0;
        }

        var share = total * (int.TryParse(text[..^1], CultureInfo.InvariantCulture, out var percent) ? percent : 0) / 100.0;
        return (int)(roundUp ? Math.Ceiling(share) : Math.Floor(share));
    }

    private static JsonNode? Canonical(JsonNode? node) => node switch
    {
        JsonObject obj => new JsonObject(obj.Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Canonical(p.Value)))),
        JsonArray array => new JsonArray([.. array.Select(Canonical)]),
        _ => node?.DeepClone(),
    };
}
