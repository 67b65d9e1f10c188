using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Anycast.Tests.Deploy;

/// <summary>
/// As much of CEL (https://github.com/google/cel-spec) as admission policies are written in: a parser, which is the lint, and an evaluator over
/// JSON, so that a test can ask what a policy lets pass. What it does not know is an error.
/// </summary>
internal abstract record Cel
{
    private static readonly string[] s_macros = ["all", "exists"];

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">It is none; the message says where.</exception>
    public static Cel Parse(string text) => new Parser(text).Whole();

    /// <summary>The value for given variables.</summary>
    /// <exception cref="KeyNotFoundException">As in CEL: a field is not there. The API server takes that as a refusal, with failurePolicy Fail.</exception>
    public abstract object? Evaluate(IReadOnlyDictionary<string, object?> scope);

    /// <summary>The names that must be given from outside.</summary>
    public IReadOnlySet<string> Free()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Collect(names, []);
        return names;
    }

    protected abstract void Collect(HashSet<string> free, HashSet<string> bound);

    private static bool True(object? value) => value is bool b ? b : throw new FormatException("no bool");

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (JsonNode x, JsonNode y) => JsonNode.DeepEquals(x, y),
        (JsonNode x, _) => Equals(Plain(x), b),
        (_, JsonNode y) => Equals(a, Plain(y)),
        _ => Equals(a, b),
    };

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonValue v when v.TryGetValue<string>(out var s) => (object)s, // Else all arms would be nodes, by their implicit conversions.
        JsonValue v when v.TryGetValue<bool>(out var b) => b,
        JsonValue v when v.TryGetValue<long>(out var n) => n,
        _ => node,
    };

    internal sealed record Literal(object? Value) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope) => Value is JsonNode n ? n.DeepClone() : Value;

        protected override void Collect(HashSet<string> free, HashSet<string> bound)
        {
        }

        public override string ToString() => Value switch { string s => $"\"{s}\"", bool b => b ? "true" : "false", JsonObject => "{}", JsonArray => "[]", _ => Convert.ToString(Value, CultureInfo.InvariantCulture) ?? "null" };
    }

    internal sealed record Name(string Text) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope) => scope.TryGetValue(Text, out var value) ? value : throw new KeyNotFoundException(Text);

        protected override void Collect(HashSet<string> free, HashSet<string> bound)
        {
            if (!bound.Contains(Text))
            {
                free.Add(Text);
            }
        }

        public override string ToString() => Text;
    }

    internal sealed record Select(Cel Of, string Field, bool Test = false) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope)
        {
            var of = Of.Evaluate(scope);
            var found = of is JsonObject map ? map.ContainsKey(Field) : of is IReadOnlyDictionary<string, object?> named && named.ContainsKey(Field);
            return Test ? found : !found ? throw new KeyNotFoundException(ToString()) : of is JsonObject o ? Plain(o[Field]) : ((IReadOnlyDictionary<string, object?>)of!)[Field];
        }

        protected override void Collect(HashSet<string> free, HashSet<string> bound) => Of.Collect(free, bound);

        public override string ToString() => Test ? $"has({Of}.{Field})" : $"{Of}.{Field}";
    }

    internal sealed record Index(Cel Of, Cel At) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope) =>
            Of.Evaluate(scope) is JsonObject map && At.Evaluate(scope) is string key && map.ContainsKey(key) ? Plain(map[key]) : throw new KeyNotFoundException(ToString());

        protected override void Collect(HashSet<string> free, HashSet<string> bound)
        {
            Of.Collect(free, bound);
            At.Collect(free, bound);
        }

        public override string ToString() => $"{Of}[{At}]";
    }

    internal sealed record Not(Cel Of) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope) => !True(Of.Evaluate(scope));

        protected override void Collect(HashSet<string> free, HashSet<string> bound) => Of.Collect(free, bound);

        public override string ToString() => $"!{Of}";
    }

    internal sealed record Binary(string Operator, Cel Left, Cel Right) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope) => Operator switch
        {
            "&&" => True(Left.Evaluate(scope)) && True(Right.Evaluate(scope)),
            "||" => True(Left.Evaluate(scope)) || True(Right.Evaluate(scope)),
            "==" => Same(Left.Evaluate(scope), Right.Evaluate(scope)),
            "!=" => !Same(Left.Evaluate(scope), Right.Evaluate(scope)),
            "in" => (Left.Evaluate(scope), Right.Evaluate(scope)) switch
            {
                (string key, JsonObject map) => map.ContainsKey(key),
                (var item, JsonArray list) => list.Any(e => Same(item, e)),
                _ => throw new FormatException("in"),
            },
            _ => throw new FormatException(Operator),
        };

        protected override void Collect(HashSet<string> free, HashSet<string> bound)
        {
            Left.Collect(free, bound);
            Right.Collect(free, bound);
        }

        public override string ToString() => $"({Left} {Operator} {Right})";
    }

    internal sealed record Choice(Cel If, Cel Then, Cel Else) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope) => True(If.Evaluate(scope)) ? Then.Evaluate(scope) : Else.Evaluate(scope);

        protected override void Collect(HashSet<string> free, HashSet<string> bound)
        {
            If.Collect(free, bound);
            Then.Collect(free, bound);
            Else.Collect(free, bound);
        }

        public override string ToString() => $"({If} ? {Then} : {Else})";
    }

    internal sealed record Each(Cel Of, string Macro, string Variable, Cel Body) : Cel
    {
        public override object? Evaluate(IReadOnlyDictionary<string, object?> scope)
        {
            var items = Of.Evaluate(scope) switch
            {
                JsonObject map => map.Select(p => (object?)p.Key),
                JsonArray list => list.Select(Plain),
                _ => throw new FormatException($"{Macro} of no list or map"),
            };
            bool Holds(object? item) => True(Body.Evaluate(new Dictionary<string, object?>(scope) { [Variable] = item }));
            return Macro == "all" ? items.All(Holds) : items.Any(Holds);
        }

        protected override void Collect(HashSet<string> free, HashSet<string> bound)
        {
            Of.Collect(free, bound);
            Body.Collect(free, [.. bound, Variable]);
        }

        public override string ToString() => $"{Of}.{Macro}({Variable}, {Body})";
    }

    private sealed class Parser(string text)
    {
        private int _at;

        public Cel Whole()
        {
            var all = Expression();
            Space();
            return _at == text.Length ? all : throw Wrong("the end");
        }

        private Cel Expression()
        {
            var condition = Operators(0);
            if (!Take("?"))
            {
                return condition;
            }

            var then = Operators(0);
            Need(":");
            return new Choice(condition, then, Expression());
        }

        private Cel Operators(int level)
        {
            string[][] levels = [["||"], ["&&"], ["==", "!=", "in"]];
            if (level == levels.Length)
            {
                return Unary();
            }

            var left = Operators(level + 1);
            while (levels[level].FirstOrDefault(o => o == "in" ? TakeWord("in") : Take(o)) is { } found)
            {
                left = new Binary(found, left, Operators(level + 1));
            }

            return left;
        }

        private Cel Unary()
        {
            Space();
            if (_at < text.Length && text[_at] == '!' && !text[_at..].StartsWith("!=", StringComparison.Ordinal))
            {
                _at++;
                return new Not(Unary());
            }

            return Member();
        }

        private Cel Member()
        {
            var value = Primary();
            while (true)
            {
                if (Take("."))
                {
                    var field = Word();
                    if (!Take("("))
                    {
                        value = new Select(value, field);
                        continue;
                    }

                    if (!s_macros.Contains(field))
                    {
                        throw Wrong("a macro of " + string.Join(", ", s_macros));
                    }

                    var variable = Word();
                    Need(",");
                    value = new Each(value, field, variable, Expression());
                    Need(")");
                }
                else if (Take("["))
                {
                    value = new Index(value, Expression());
                    Need("]");
                }
                else
                {
                    return value;
                }
            }
        }

        private Cel Primary()
        {
            Space();
            if (Take("("))
            {
                var inner = Expression();
                Need(")");
                return inner;
            }

            if (Take("{"))
            {
                Need("}");
                return new Literal(new JsonObject());
            }

            if (Take("["))
            {
                Need("]");
                return new Literal(new JsonArray());
            }

            if (_at < text.Length && text[_at] is '"' or '\'')
            {
                return new Literal(Quoted());
            }

            if (_at < text.Length && char.IsAsciiDigit(text[_at]))
            {
                var from = _at;
                while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                {
                    _at++;
                }

                return new Literal(long.Parse(text[from.._at], CultureInfo.InvariantCulture));
            }

            var word = Word();
            if (word == "has")
            {
                Need("(");
                var of = Expression() as Select ?? throw Wrong("a field in has()");
                Need(")");
                return of with { Test = true };
            }

            return word switch { "true" => new Literal(true), "false" => new Literal(false), _ => new Name(word) };
        }

        private string Quoted()
        {
            var quote = text[_at++];
            var value = new StringBuilder();
            while (_at < text.Length && text[_at] != quote)
            {
                if (text[_at] == '\\')
                {
                    throw Wrong("a string without escapes");
                }

                value.Append(text[_at++]);
            }

            if (_at++ >= text.Length)
            {
                throw Wrong("the string's end");
            }

            return value.ToString();
        }

        private string Word()
        {
            Space();
            var from = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            {
                _at++;
            }

            return _at > from && !char.IsAsciiDigit(text[from]) ? text[from.._at] : throw Wrong("a name");
        }

        private bool TakeWord(string word)
        {
            Space();
            var end = _at + word.Length;
            if (!text[_at..].StartsWith(word, StringComparison.Ordinal) || (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_')))
            {
                return false;
            }

            _at = end;
            return true;
        }

        private bool Take(string sign)
        {
            Space();
            if (!text[_at..].StartsWith(sign, StringComparison.Ordinal))
            {
                return false;
            }

            _at += sign.Length;
            return true;
        }

        private void Need(string sign)
        {
            if (!Take(sign))
            {
                throw Wrong(sign);
            }
        }

        private void Space()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }
        }

        private FormatException Wrong(string wanted) => new($"CEL: {wanted} is missing at {_at} of: {text}");
    }
}
