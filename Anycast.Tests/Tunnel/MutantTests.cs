using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Projection;

namespace Anycast.Tests.Tunnel;

/// <summary>
/// Every rule, every type and every detector of the projection, switched off one at a time: each time something that these tests look at
/// goes wrong. A rule that could be missing without a test noticing would be none.
/// </summary>
public sealed class MutantTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N";

    /// <summary>Fits no type but the widest.</summary>
    private const string Words = "two words";

    private static readonly Dictionary<LeafType, string> s_own = new()
    {
        [LeafType.Name] = "checkout-x2k4q", [LeafType.Enum] = "CrashLoopBackOff", [LeafType.EnumLower] = "yes", [LeafType.Int] = "5", [LeafType.Bool] = "true", [LeafType.Time] = "2026-01-31T23:59:59Z",
        [LeafType.Quantity] = "1.5Gi", [LeafType.Ip] = "10.0.0.1", [LeafType.Cidr] = "10.0.0.0/8", [LeafType.Port] = "http", [LeafType.IntStr] = "25%", [LeafType.Host] = "shop.example.com", [LeafType.Path] = "/api/v1",
        [LeafType.Image] = "shop/checkout:1.2", [LeafType.Uuid] = "6c1f7d1e-0c1a-4a51-9b7e-000000000001", [LeafType.ContainerId] = "containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        [LeafType.Version] = "v1.32.4+k3s1", [LeafType.Cron] = "*/5 * * * *", [LeafType.FieldPath] = "metadata.labels['app']", [LeafType.Plain] = "Debian GNU/Linux 12", [LeafType.Continue] = "eyJ2IjoibWV0YSJ9",
    };

    [Fact]
    [PolicyClause("S07")]
    public void Rules_SwitchedOffOneAtATime_AreAllMissed()
    {
        // A specification of this test's own, whose leaves it may change.
        var specification = RedactionSpecification.Parse(EmbeddedText.Read("redaction-allowlist.yaml"));
        var projector = new Projector(specification, MessageTemplates.Current);
        var (mutants, survivors) = (0, new List<string>());
        foreach (var kind in specification.Kinds.Concat([RedactionSpecification.ListEnvelope, RedactionSpecification.StatusKind]))
        {
            foreach (var (path, node) in Leaves(specification.For(kind), []))
            {
                var type = node.Leaf;
                var name = $"{kind}: {string.Join('.', path)} ({type})";
                Assert.True(Holds(projector, kind, path, type), $"not as it should be: {name}");
                foreach (var mutant in Mutants(type))
                {
                    mutants++;
                    node.SetLeaf(mutant);
                    if (Holds(projector, kind, path, type))
                    {
                        survivors.Add($"{name} as {mutant}");
                    }

                    node.SetLeaf(type);
                }
            }
        }

        Assert.True(mutants > 1000, $"{mutants} mutants");
        Assert.Empty(survivors.Take(10));
    }

    [Fact]
    [PolicyClause("S07")]
    public void Types_OfTheGrammar_EachRefuseWhatOnlyTheyRefuse()
    {
        foreach (var type in Enum.GetValues<LeafType>().Where(s_own.ContainsKey))
        {
            Assert.True(LeafGrammar.Fits(type, Encoding.UTF8.GetBytes(s_own[type])), $"{type} refuses its own");

            // What the type refuses and no detector would catch: with the type switched off, it would pass.
            var stranger = type == LeafType.Plain ? "two; words" : Words;
            Assert.False(LeafGrammar.Fits(type, Encoding.UTF8.GetBytes(stranger)), $"{type} lets a stranger through");
            Assert.False(Detectors.Hit(Encoding.UTF8.GetBytes(stranger)));
        }
    }

    [Theory]
    [InlineData(nameof(Detector.LongHex), "deadbeefcafefeeddeadbeefcafefeed")]
    [InlineData(nameof(Detector.Entropy), "x7k2q9v4m1z8p3w6t5r0")]
    [InlineData(nameof(Detector.EncodedText), "b3BlbiBzZXNhbWUh")]
    [InlineData(nameof(Detector.RandomText), "aB3dE-fG5hI_jK7lM-nO9pQ_rS1tU-vW")]
    [InlineData(nameof(Detector.Prefix), "glpat-aaaaaaaaa1aa")]
    [InlineData(nameof(Detector.Assignment), "password=open-sesame")]
    [InlineData(nameof(Detector.UserInfo), "postgres://app:sesame@db/shop")]
    [InlineData(nameof(Detector.Scheme), "Bearer sesame-open")]
    [PolicyClause("S07")]
    public void Detectors_SwitchedOffOneAtATime_MissWhatOnlyTheyCatch(string name, string secret)
    {
        var detector = Enum.Parse<Detector>(name);
        var text = Encoding.UTF8.GetBytes(secret);

        Assert.True(Detectors.Hit(text));
        Assert.False(Detectors.Hit(text, detector), "another detector catches it too: it proves nothing");
        Assert.All(Enum.GetValues<Detector>().Where(d => d != detector && d != Detector.None), other => Assert.True(Detectors.Hit(text, other)));
    }

    [Fact]
    public void Detectors_AreAllTried() =>
        Assert.Equal(Enum.GetValues<Detector>().Length - 1, typeof(MutantTests).GetMethod(nameof(Detectors_SwitchedOffOneAtATime_MissWhatOnlyTheyCatch))!.GetCustomAttributes(typeof(InlineDataAttribute), false).Length);

    /// <summary>Off: the field is dropped. Too wide: it lets words through.</summary>
    private static IEnumerable<LeafType> Mutants(LeafType type) => type switch
    {
        LeafType.Msg => [LeafType.Plain],
        LeafType.Plain => [LeafType.None],
        LeafType.Labels or LeafType.Anns or LeafType.Keys or LeafType.Quantities or LeafType.Count or LeafType.Argv => [LeafType.None, LeafType.Plain],
        LeafType.Present => [LeafType.None, LeafType.Plain],
        _ => [LeafType.None, LeafType.Plain],
    };

    /// <summary>Whether a leaf lets its own through, and neither words nor what a detector knows.</summary>
    private static bool Holds(Projector projector, string kind, string[] path, LeafType type)
    {
        var own = type switch
        {
            LeafType.Labels => (JsonNode)new JsonObject { ["app"] = "checkout", ["team"] = Words },
            LeafType.Anns => new JsonObject { ["deployment.kubernetes.io/revision"] = "3", ["example.org/note"] = "note" },
            LeafType.Keys => new JsonObject { ["server"] = "note" },
            LeafType.Quantities => new JsonObject { ["cpu"] = "100m", ["memory"] = Words },
            LeafType.Count => new JsonArray("note", "note"),
            LeafType.Argv => new JsonArray("/bin/sh", "note"),
            LeafType.Present => "note",
            LeafType.Msg => Words,
            _ => s_own[type],
        };
        var expected = type switch
        {
            LeafType.Labels => "{\"app\":\"checkout\",\"team\":\"«withheld:9»\"}",
            LeafType.Anns => "{\"deployment.kubernetes.io/revision\":\"3\"}",
            LeafType.Keys => "{\"server\":\"«withheld:4»\"}",
            LeafType.Quantities => "{\"cpu\":\"100m\"}",
            LeafType.Count => "[\"«+2»\"]",
            LeafType.Argv => "[\"sh\",\"«+1»\"]",
            LeafType.Present => "\"«withheld:4»\"",
            LeafType.Msg => $"\"«withheld:{Words.Length}»\"",
            _ => $"\"{s_own[type]}\"",
        };
        if (At(projector, kind, path, own) != expected)
        {
            return false;
        }

        // Of its own type alone; and where the grammar leaves room for a secret, not even then.
        return !s_own.ContainsKey(type)
            || ((type == LeafType.Plain || At(projector, kind, path, Words)?.Contains(Words, StringComparison.Ordinal) != true)
                && (!LeafGrammar.NeedsDetectors(type) || At(projector, kind, path, Jwt)?.Contains(Jwt, StringComparison.Ordinal) != true));
    }

    /// <summary>What stands at a path after the projection of an object with a value there; null when nothing does.</summary>
    private static string? At(Projector projector, string kind, string[] path, JsonNode value)
    {
        var node = path.Reverse().Aggregate(value.DeepClone(), (below, step) =>
            step.EndsWith("[]", StringComparison.Ordinal) ? new JsonObject { [step[..^2]] = new JsonArray(below) } : new JsonObject { [step] = below });
        using var output = JsonDocument.Parse(projector.Project(kind, Encoding.UTF8.GetBytes(node.ToJsonString())).Json);
        var at = output.RootElement;
        foreach (var step in path)
        {
            var name = step.EndsWith("[]", StringComparison.Ordinal) ? step[..^2] : step;
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
            {
                return null;
            }

            if (name != step)
            {
                if (at.ValueKind != JsonValueKind.Array || at.GetArrayLength() == 0)
                {
                    return null;
                }

                at = at[0];
            }
        }

        return JsonNode.Parse(at.GetRawText())!.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static IEnumerable<(string[] Path, FieldNode Node)> Leaves(FieldNode node, string[] path)
    {
        foreach (var child in node.Children.Where(c => path.Length > 0 || c.Name != "kind"))
        {
            string[] here = [.. path, child.Item is null ? child.Name : child.Name + "[]"];
            var target = child.Item ?? child;
            if (target.Leaf != LeafType.None)
            {
                yield return (here, target);
            }

            foreach (var below in Leaves(target, here))
            {
                yield return below;
            }
        }
    }
}
