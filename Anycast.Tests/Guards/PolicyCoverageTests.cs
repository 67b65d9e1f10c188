using System.Reflection;
using System.Text;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>
/// Every clause of the privacy policy is named by a test or stands in docs/policy/pending.txt, never both, never neither (DESIGN promise 1).
/// Writes artifacts/policy-coverage.md.
/// </summary>
public sealed class PolicyCoverageTests
{
    private static readonly List<(string Id, string Section, string Text)> s_clauses =
        [.. File.ReadLines(RepositoryRoot.At("docs", "policy", "clauses.tsv")).Skip(1).Select(l => l.Split('\t')).Select(c => (c[0], c[1], c[2]))];

    private static readonly HashSet<string> s_pending =
        [.. File.ReadLines(RepositoryRoot.At("docs", "policy", "pending.txt")).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0)];

    private static readonly ILookup<string, string> s_tests = typeof(PolicyCoverageTests).Assembly.GetTypes()
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .SelectMany(m => m.GetCustomAttributes<PolicyClauseAttribute>().SelectMany(a => a.Ids).Select(id => (id, test: $"{t.Name}.{m.Name}")))
            .Concat(t.GetCustomAttributes<PolicyClauseAttribute>().SelectMany(a => a.Ids).Select(id => (id, test: t.Name))))
        .ToLookup(x => x.id, x => x.test);

    [Fact]
    public void Clauses_OfThePolicy_AreTestedOrPending()
    {
        WriteReport();
        var neither = s_clauses.Select(c => c.Id).Where(id => !s_tests.Contains(id) && !s_pending.Contains(id));
        Assert.Empty(neither);
    }

    [Fact]
    public void Clauses_ThatAreTested_AreNotPending() => Assert.Empty(s_pending.Where(s_tests.Contains));

    [Fact]
    public void Names_InTestsAndPendingList_AreClauses()
    {
        var known = s_clauses.Select(c => c.Id).ToHashSet();
        Assert.Empty(s_tests.Select(g => g.Key).Concat(s_pending).Where(id => !known.Contains(id)));
    }

    private static void WriteReport()
    {
        var tested = s_clauses.Count(c => s_tests.Contains(c.Id));
        var text = new StringBuilder()
            .AppendLine("# Coverage of the privacy policy").AppendLine()
            .AppendLine($"{tested} of {s_clauses.Count} clauses are named by a test, {s_pending.Count} are pending.").AppendLine()
            .AppendLine("| Clause | Section | Text | Tests |").AppendLine("|---|---|---|---|");
        foreach (var (id, section, clause) in s_clauses)
        {
            text.AppendLine($"| {id} | {section} | {clause.Replace("|", "\\|")} | {(s_tests.Contains(id) ? string.Join("<br>", s_tests[id].Distinct().Order()) : "pending")} |");
        }

        File.WriteAllText(RepositoryRoot.Artifacts("policy-coverage.md"), text.ToString());
    }
}
