using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Access;

/// <summary>
/// The review resources of authorization.k8s.io and authentication.k8s.io: questions that are answered and not stored.
/// </summary>
internal sealed class AccessReviews(RbacAuthorizer authorizer)
{
    /// <summary>Resource names this answers, with their kinds.</summary>
    public static IReadOnlyDictionary<string, string> Kinds { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["selfsubjectaccessreviews"] = "SelfSubjectAccessReview",
        ["selfsubjectrulesreviews"] = "SelfSubjectRulesReview",
        ["subjectaccessreviews"] = "SubjectAccessReview",
        ["localsubjectaccessreviews"] = "LocalSubjectAccessReview",
        ["selfsubjectreviews"] = "SelfSubjectReview",
    };

    /// <summary>Answers a review: the object that was sent, with its status.</summary>
    public JsonObject Answer(string resource, JsonObject review, Identity who)
    {
        var answer = review.Clone();
        var spec = review.Obj("spec");
        answer.Ensure("metadata");
        answer["status"] = resource switch
        {
            "selfsubjectaccessreviews" => Access(who, spec),
            "selfsubjectrulesreviews" => Rules(who, spec.Str("namespace")),
            "selfsubjectreviews" => new JsonObject
            {
                ["userInfo"] = new JsonObject { ["username"] = who.Name, ["groups"] = Json.ToArray(who.Groups.Select(g => (JsonNode)g)) },
            },
            _ => Access(Identity.Named(spec.Str("user"), spec.Strings("groups")), spec),
        };
        return answer;
    }

    private JsonObject Access(Identity who, JsonObject spec)
    {
        bool allowed;
        if (spec["nonResourceAttributes"] is JsonObject path)
        {
            allowed = authorizer.IsAllowedPath(who, path.Str("verb"), path.Str("path"));
        }
        else
        {
            var what = spec.Obj("resourceAttributes");
            allowed = authorizer.IsAllowed(who, new AccessAttributes(
                what.Str("verb"), what.Str("group"), what.Str("resource"), what.Str("subresource"), what.Str("namespace"), what.Str("name")));
        }

        var status = new JsonObject { ["allowed"] = allowed };
        if (allowed && !who.IsMaster)
        {
            status["reason"] = "RBAC: allowed by the sandbox's bindings";
        }

        return status;
    }

    private JsonObject Rules(Identity who, string ns)
    {
        var resources = new JsonArray();
        var paths = new JsonArray();
        if (who.IsMaster)
        {
            resources.Add(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") });
            paths.Add(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") });
        }

        foreach (var rule in authorizer.RulesFor(who, ns))
        {
            if (rule.ContainsKey("nonResourceURLs"))
            {
                paths.Add(rule.DeepClone());
            }
            else
            {
                resources.Add(rule.DeepClone());
            }
        }

        return new JsonObject { ["resourceRules"] = resources, ["nonResourceRules"] = paths, ["incomplete"] = false };
    }
}
