using System.Reflection;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>What docs/security/asvs-scorecard.csv calls passed names a test that exists.</summary>
public sealed class ScorecardTests
{
    [Fact]
    public void Rows_ThatPass_NameATestThatExists()
    {
        var tests = typeof(ScorecardTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(m => $"{t.Name}.{m.Name}")).ToHashSet();
        var passed = File.ReadLines(RepositoryRoot.At("docs", "security", "asvs-scorecard.csv")).Skip(1)
            .Where(l => l.Contains(",pass,", StringComparison.Ordinal)).Select(l => (id: l.Split(',')[0], test: l.Split(",pass,")[1].Split(',')[0])).ToList();
        Assert.True(passed.Count > 50);
        Assert.Empty(passed.Where(p => !tests.Contains(p.test)));
    }
}
