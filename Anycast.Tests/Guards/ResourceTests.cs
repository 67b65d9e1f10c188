using System.Text.RegularExpressions;
using System.Xml.Linq;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>Both languages are complete: the same keys, the same placeholders, nothing empty.</summary>
public sealed partial class ResourceTests
{
    private static readonly string[] s_projects = ["Anycast.Core", "Anycast.Web"];

    public static TheoryData<string> Neutral => [.. s_projects.SelectMany(p => RepositoryRoot.Sources(p, ".resx"))
        .Where(f => !f.EndsWith(".de.resx", StringComparison.Ordinal)).Select(RepositoryRoot.Shown).Order()];

    [Theory]
    [MemberData(nameof(Neutral))]
    public void Texts_OfBothLanguages_HaveTheSameKeysAndPlaceholders(string file)
    {
        var english = Read(RepositoryRoot.At(file));
        var german = Read(RepositoryRoot.At(Path.ChangeExtension(file, ".de.resx")));
        Assert.Equal(english.Keys.Order(), german.Keys.Order());
        var wrong = english.Where(e => !Placeholders(e.Value).SetEquals(Placeholders(german[e.Key]))).Select(e => e.Key);
        Assert.Empty(wrong);
        Assert.DoesNotContain(english.Concat(german), e => string.IsNullOrWhiteSpace(e.Value));
    }

    [Fact]
    public void GermanTexts_WithoutAnEnglishFile_AreAbsent() => Assert.Empty(s_projects.SelectMany(p => RepositoryRoot.Sources(p, ".resx"))
        .Where(f => f.EndsWith(".de.resx", StringComparison.Ordinal) && !File.Exists(f[..^".de.resx".Length] + ".resx")));

    private static Dictionary<string, string> Read(string file)
    {
        Assert.True(File.Exists(file), $"{RepositoryRoot.Shown(file)} is missing.");
        return XDocument.Load(file).Root!.Elements("data").ToDictionary(d => d.Attribute("name")!.Value, d => d.Element("value")!.Value);
    }

    private static HashSet<string> Placeholders(string text) => [.. PlaceholderPattern().Matches(text).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"\{(\d+)[^}]*\}")]
    private static partial Regex PlaceholderPattern();
}
