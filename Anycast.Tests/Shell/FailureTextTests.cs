using System.Text.RegularExpressions;
using System.Xml.Linq;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Shell;

/// <summary>Every failure code that Core can return has its sentence; ResourceTests holds the two languages together.</summary>
public sealed partial class FailureTextTests
{
    [Fact]
    public void Codes_OfCore_HaveASentence()
    {
        var known = XDocument.Load(RepositoryRoot.At("Anycast.Web", "Shell", "Parts", "FailureText.resx")).Root!.Elements("data").Select(d => d.Attribute("name")!.Value).ToHashSet();
        var used = RepositoryRoot.Sources("Anycast.Core", ".cs").SelectMany(f => CodePattern().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).Distinct();
        Assert.Empty(used.Where(code => !known.Contains(code)).Order());
    }

    [GeneratedRegex("(?:FailureKind\\.\\w+,|Outcome\\.Invalid\\()\\s*\"([a-z_.]+)\"")]
    private static partial Regex CodePattern();
}
