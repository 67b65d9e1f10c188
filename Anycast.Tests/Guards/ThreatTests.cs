using System.Reflection;
using System.Text.RegularExpressions;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>What docs/security/threats.md claims names tests that exist, for every threat of its list.</summary>
public sealed partial class ThreatTests
{
    private static readonly string[] s_threats = [.. Enumerable.Range(6, 16).Select(n => $"T{n}"), "T24"];

    [Fact]
    public void Threats_OfTheTable_EachNameTestsThatExist()
    {
        var tests = typeof(ThreatTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(m => m.GetCustomAttributes().Any(a => a is FactAttribute)).Select(m => $"{t.Name}.{m.Name}")).ToHashSet();
        var rows = File.ReadLines(RepositoryRoot.At("docs", "security", "threats.md")).Where(l => l.StartsWith("| T", StringComparison.Ordinal) && !l.StartsWith("| Threat", StringComparison.Ordinal))
            .Select(l => (Id: l[2..].Split(' ')[0], Tests: TestPattern().Matches(l).Select(m => m.Groups[1].Value).ToList())).ToList();
        Assert.Equal(s_threats, rows.Select(r => r.Id));
        Assert.All(rows, r => Assert.True(r.Tests.Count > 0, r.Id));
        var missing = rows.SelectMany(r => r.Tests.Where(t => !tests.Contains(t)).Select(t => $"{r.Id}: {t}"));
        Assert.True(!missing.Any(), string.Join('\n', missing));
    }

    [GeneratedRegex(@"`([A-Za-z0-9]+Tests\.[A-Za-z0-9_]+)`")]
    private static partial Regex TestPattern();
}
