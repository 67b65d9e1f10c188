using System.Text;
using System.Text.Json.Nodes;

namespace Anycast.Tests.Deploy;

/// <summary>A ValidatingAdmissionPolicy of the add-ons, read for lint, snapshot and trial.</summary>
internal sealed class AdmissionPolicy
{
    /// <summary>What CEL of a policy may name (https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/).</summary>
    private static readonly string[] s_roots = ["object", "oldObject", "request", "variables"];

    private readonly JsonNode _spec;

    public AdmissionPolicy(JsonNode document)
    {
        Name = document["metadata"]!["name"]!.GetValue<string>();
        _spec = document["spec"]!;
    }

    public string Name { get; }

    public string FailurePolicy => _spec["failurePolicy"]?.GetValue<string>() ?? "";

    public IReadOnlyList<(string Name, Cel Expression)> Conditions => Named("matchConditions");

    public IReadOnlyList<(string Name, Cel Expression)> Variables => Named("variables");

    public IReadOnlyList<(string Message, Cel Expression)> Validations =>
        [.. _spec["validations"]!.AsArray().Select(v => (v!["message"]?.GetValue<string>() ?? "", Cel.Parse(v["expression"]!.GetValue<string>())))];

    public JsonArray Rules => _spec["matchConstraints"]?["resourceRules"]?.AsArray() ?? [];

    /// <summary>What is wrong with it, for an agent of the given user name.</summary>
    public IEnumerable<string> Faults(string agent, IReadOnlyList<JsonNode> bindings)
    {
        if (FailurePolicy != "Fail")
        {
            yield return "failurePolicy is not Fail: an expression that fails would let everything pass";
        }

        if (Conditions is not [var (_, condition)] || condition.ToString() != $"(request.userInfo.username == \"{agent}\")")
        {
            yield return "it is not bound to the agent's service account, and to it alone";
        }

        if (Rules.Count == 0 || Rules.Any(r => r!["operations"]?.AsArray().Select(o => o!.GetValue<string>()).Contains("UPDATE") != true || r["resources"] is null || r["apiGroups"] is null || r["apiVersions"] is null))
        {
            yield return "its rules do not say which updates it looks at";
        }

        if (Validations.Count == 0 || Validations.Any(v => v.Message.Length == 0))
        {
            yield return "a validation has no message";
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, expression) in Variables)
        {
            foreach (var fault in Unknown(expression, known))
            {
                yield return fault;
            }

            known.Add(name);
        }

        foreach (var fault in Validations.Select(v => v.Expression).Concat(Conditions.Select(c => c.Expression)).SelectMany(e => Unknown(e, known)))
        {
            yield return fault;
        }

        if (!bindings.Any(b => b["spec"]?["policyName"]?.GetValue<string>() == Name && b["spec"]?["validationActions"]?.AsArray().Any(a => a!.GetValue<string>() == "Deny") == true && b["spec"]?["matchResources"] is null))
        {
            yield return "no binding denies by it everywhere";
        }
    }

    /// <summary>What it answers to an update: null when it lets it pass, else the message of the first refusal.</summary>
    public string? Refusal(string user, JsonNode before, JsonNode after)
    {
        var scope = new Dictionary<string, object?>
        {
            ["object"] = after,
            ["oldObject"] = before,
            ["request"] = new JsonObject { ["userInfo"] = new JsonObject { ["username"] = user } },
        };
        if (Conditions.Any(c => c.Expression.Evaluate(scope) is false))
        {
            return null;
        }

        var variables = new Dictionary<string, object?>();
        scope["variables"] = variables;
        foreach (var (name, expression) in Variables)
        {
            try
            {
                variables[name] = expression.Evaluate(scope);
            }
            catch (KeyNotFoundException e)
            {
                return $"{name} fails, and with it what uses it ({e.Message})";
            }
        }

        foreach (var (message, expression) in Validations)
        {
            try
            {
                if (expression.Evaluate(scope) is not true)
                {
                    return message;
                }
            }
            catch (KeyNotFoundException e)
            {
                return $"{message} ({e.Message})";
            }
        }

        return null;
    }

    /// <summary>Everything that decides, one line each.</summary>
    public string Snapshot()
    {
        var text = new StringBuilder().Append(Name).Append(" (").Append(FailurePolicy).Append(")\n");
        foreach (var rule in Rules)
        {
            string Words(string key) => string.Join(',', rule![key]!.AsArray().Select(w => w!.GetValue<string>()));
            text.Append("  ").Append(Words("operations")).Append(' ').Append(Words("resources")).Append(" of \"").Append(Words("apiGroups")).Append("\" ").Append(Words("apiVersions")).Append('\n');
        }

        Conditions.ToList().ForEach(c => text.Append("  when ").Append(c.Expression).Append('\n'));
        Variables.ToList().ForEach(v => text.Append("  let ").Append(v.Name).Append(" = ").Append(v.Expression).Append('\n'));
        Validations.ToList().ForEach(v => text.Append("  require ").Append(v.Expression).Append("\n    else ").Append(v.Message).Append('\n'));
        return text.ToString();
    }

    private static IEnumerable<string> Unknown(Cel expression, HashSet<string> variables)
    {
        foreach (var name in expression.Free().Except(s_roots))
        {
            yield return $"{name} is no name that a policy knows";
        }

        foreach (var name in System.Text.RegularExpressions.Regex.Matches(expression.ToString(), @"\bvariables\.(\w+)").Select(m => m.Groups[1].Value).Where(n => !variables.Contains(n)).Distinct())
        {
            yield return $"variables.{name} is not defined before it is used";
        }
    }

    private List<(string Name, Cel Expression)> Named(string list) =>
        [.. (_spec[list]?.AsArray() ?? []).Select(v => (v!["name"]!.GetValue<string>(), Cel.Parse(v["expression"]!.GetValue<string>())))];
}
