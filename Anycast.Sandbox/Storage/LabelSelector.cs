using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Storage;

/// <summary>A label selector, from the query form (<c>app=a,tier in (x,y),!old</c>) or from an object (<c>matchLabels</c>, <c>matchExpressions</c>).</summary>
internal sealed class LabelSelector
{
    private readonly List<(string Key, string Operator, HashSet<string> Values)> _terms = [];

    /// <summary>Selects everything.</summary>
    public bool IsEmpty => _terms.Count == 0;

    /// <summary>Parses the query form; null when it is not one.</summary>
    public static LabelSelector? Parse(string text)
    {
        var selector = new LabelSelector();
        foreach (var raw in SplitTerms(text))
        {
            var term = raw.Trim();
            if (term.Length == 0)
            {
                continue;
            }

            if (!selector.AddTerm(term))
            {
                return null;
            }
        }

        return selector;
    }

    /// <summary>From a plain map, as Services and ReplicationControllers have it.</summary>
    public static LabelSelector OfMap(JsonObject map)
    {
        var selector = new LabelSelector();
        foreach (var (key, value) in map)
        {
            selector._terms.Add((key, "In", [Json.Text(value)]));
        }

        return selector;
    }

    /// <summary>From a metav1.LabelSelector.</summary>
    public static LabelSelector Of(JsonObject source)
    {
        var selector = OfMap(source.Obj("matchLabels"));
        foreach (var expression in source.Items("matchExpressions"))
        {
            selector._terms.Add((expression.Str("key"), expression.Str("operator"), [.. expression.Strings("values")]));
        }

        return selector;
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels) => _terms.All(t => Matches(t, labels));

    private static bool Matches((string Key, string Operator, HashSet<string> Values) term, IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(term.Key, out var value);
        return term.Operator switch
        {
            "In" => has && term.Values.Contains(value!),
            "NotIn" => !has || !term.Values.Contains(value!),
            "Exists" => has,
            "DoesNotExist" => !has,
            _ => false,
        };
    }

    private bool AddTerm(string term)
    {
        if (term[0] == '!')
        {
            _terms.Add((term[1..].Trim(), "DoesNotExist", []));
            return true;
        }

        foreach (var (text, name) in new[] { ("!=", "NotIn"), ("==", "In"), ("=", "In") })
        {
            var at = term.IndexOf(text, StringComparison.Ordinal);
            if (at > 0)
            {
                _terms.Add((term[..at].Trim(), name, [term[(at + text.Length)..].Trim()]));
                return true;
            }
        }

        var words = term.Split([' ', '('], 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 1)
        {
            _terms.Add((words[0], "Exists", []));
            return true;
        }

        if (words.Length == 3 && words[1] is "in" or "notin")
        {
            var values = words[2].Trim('(', ')', ' ').Split(',', StringSplitOptions.TrimEntries);
            _terms.Add((words[0], words[1] == "in" ? "In" : "NotIn", [.. values]));
            return true;
        }

        return false;
    }

    private static IEnumerable<string> SplitTerms(string text)
    {
        int depth = 0, start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }
}
