using System.Text.RegularExpressions;
using System.Xml.Linq;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>Rules about the sources that the compiler does not know.</summary>
public sealed partial class SourceRuleTests
{
    private const int LongestFile = 400;
    private static readonly string[] s_product = ["Anycast.Core", "Anycast.Tunnel", "Anycast.Agent", "Anycast.Sandbox", "Anycast.Web"];
    private static readonly string[] s_all = [.. s_product, "Anycast.Tests", "Anycast.Benchmarks"];

    [Fact]
    public void RawMarkup_InThePages_ComesFromTheMarkdownRendererAlone()
    {
        var users = RepositoryRoot.Sources("Anycast.Web", ".cs", ".razor")
            .Where(f => RawMarkupPattern().IsMatch(File.ReadAllText(f))).Select(RepositoryRoot.Shown)
            .Where(f => !Path.GetFileName(f).StartsWith("Markdown", StringComparison.Ordinal));
        Assert.True(!users.Any(), string.Join('\n', users));
    }

    [Fact]
    public void Forms_TakeTheirTokenByThePartThatSetsItsCookie()
    {
        var users = RepositoryRoot.Sources("Anycast.Web", ".razor").Where(f => File.ReadAllText(f).Contains("<AntiforgeryToken", StringComparison.Ordinal)).Select(RepositoryRoot.Shown);
        Assert.Equal(["Anycast.Web/Shell/Parts/FormToken.razor"], users);
    }

    [Fact]
    public void Processes_InTheProduct_AreStartedInOnePlaceAlone()
    {
        // A program that signs in for a kubeconfig's user, where the agent's own configuration names it (decision 011).
        string[] exceptions = ["Anycast.Agent/Cluster/ExecCredentialProgram.cs"];
        var users = s_product.SelectMany(p => RepositoryRoot.Sources(p, ".cs", ".razor"))
            .Where(f => ProcessPattern().IsMatch(File.ReadAllText(f))).Select(RepositoryRoot.Shown);
        Assert.Equal(exceptions, users);
    }

    /// <summary>Every way to a session ends where the second factor is asked for (T17): one place opens sessions, setup's first account apart.</summary>
    [Fact]
    public void Sessions_AreOpenedInOnePlaceAlone()
    {
        var openers = RepositoryRoot.Sources("Anycast.Web", ".cs", ".razor")
            .Where(f => SignInPattern().IsMatch(File.ReadAllText(f))).Select(RepositoryRoot.Shown).Order();
        Assert.Equal(["Anycast.Web/Accounts/SignIn/AttemptCookies.cs", "Anycast.Web/Accounts/SignIn/SetupPage.razor", "Anycast.Web/Accounts/SignInSession.cs"], openers);
    }

    /// <summary>
    /// A box or select that is bound one way keeps what the person clicked when the act was refused: its bound value did not change, so nothing is sent to
    /// the browser. Bound by get and set, Blazor knows what the browser shows and puts it right.
    /// </summary>
    [Fact]
    public void Controls_WhoseActMayBeRefused_ShowWhatHolds()
    {
        var oneWay = RepositoryRoot.Sources("Anycast.Web", ".razor").Where(f => File.ReadAllText(f).Contains("Failures.Of(", StringComparison.Ordinal))
            .SelectMany(f => File.ReadLines(f).Select((line, i) => (line, at: $"{RepositoryRoot.Shown(f)}:{i + 1}")))
            .Where(x => OneWayPattern().IsMatch(x.line)).Select(x => x.at);
        Assert.True(!oneWay.Any(), string.Join('\n', oneWay));
        Assert.Matches(OneWayPattern(), "<select class=\"input\" value=\"@Role\" @onchange=\"ChangeAsync\">");
    }

    [Fact]
    public void Files_OfCode_AreShortEnoughToRead()
    {
        var tooLong = s_all.SelectMany(p => RepositoryRoot.Sources(p, ".cs", ".razor", ".css", ".js"))
            .Where(f => !RepositoryRoot.Shown(f).Contains("/Migrations/", StringComparison.Ordinal))
            .Select(f => (file: RepositoryRoot.Shown(f), lines: File.ReadLines(f).Count())).Where(f => f.lines > LongestFile);
        Assert.True(!tooLong.Any(), string.Join('\n', tooLong));
    }

    [Fact]
    public void Code_OfEveryProject_HoldsNothingUnfinished()
    {
        var unfinished = s_all.SelectMany(p => RepositoryRoot.Sources(p, ".cs", ".razor", ".js"))
            .Where(f => Path.GetFileName(f) != "SourceRuleTests.cs")
            .SelectMany(f => File.ReadLines(f).Select((line, i) => (line, at: $"{RepositoryRoot.Shown(f)}:{i + 1}")))
            .Where(x => UnfinishedPattern().IsMatch(x.line)).Select(x => x.at);
        Assert.True(!unfinished.Any(), string.Join('\n', unfinished));
    }

    [Fact]
    public void Files_OfTheRepository_HoldNoConflictMarkers()
    {
        var marked = Directory.EnumerateFiles(RepositoryRoot.Path, "*", SearchOption.AllDirectories)
            .Where(f => !RepositoryRoot.Shown(f).Split('/').Any(p => p is "bin" or "obj" or ".git" or "artifacts" or "data" or "node_modules"))
            .Where(f => Path.GetExtension(f) is ".cs" or ".razor" or ".css" or ".js" or ".json" or ".md" or ".resx" or ".yaml" or ".csproj" or ".props" or ".sh" or ".txt")
            .Where(f => File.ReadLines(f).Any(l => l.StartsWith("<<<<<<< ", StringComparison.Ordinal) || l.StartsWith(">>>>>>> ", StringComparison.Ordinal)))
            .Select(RepositoryRoot.Shown);
        Assert.True(!marked.Any(), string.Join('\n', marked));
    }

    [Fact]
    public void Packages_ThatAreListed_HaveAReason()
    {
        var versions = XDocument.Load(RepositoryRoot.At("Directory.Packages.props")).Descendants("PackageVersion").Select(e => e.Attribute("Include")!.Value).ToList();
        var reasons = File.ReadAllText(RepositoryRoot.At("docs", "dependencies.md"));
        Assert.Empty(versions.Where(v => !reasons.Contains($"| {v} |", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"\bMarkupString\b|\bAddMarkupContent\b")]
    private static partial Regex RawMarkupPattern();

    [GeneratedRegex(@"<select .*\bvalue=""@.*@onchange=|<input type=""checkbox"" .*\bchecked=""@.*@onchange=")]
    private static partial Regex OneWayPattern();

    [GeneratedRegex(@"\bProcess\.Start\b|\bnew Process(StartInfo)?\b")]
    private static partial Regex ProcessPattern();

    [GeneratedRegex(@"(?:[Cc]ontext|HttpContext)\.SignInAsync\(")]
    private static partial Regex SignInPattern();

    [GeneratedRegex(@"\bTODO\b|\bFIXME\b|\bHACK\b|NotImplementedException")]
    private static partial Regex UnfinishedPattern();
}
