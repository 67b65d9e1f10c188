using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Anycast.Web.Shell.Parts;
using Microsoft.Extensions.DependencyInjection;

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

    [Theory]
    [InlineData(0.2, "Try again in a second.")]
    [InlineData(1, "Try again in a second.")]
    [InlineData(1.5, "Try again in 2 seconds.")]
    [InlineData(119.5, "Try again in 120 seconds.")]
    [InlineData(120, "Try again in 2 minutes.")]
    [InlineData(121, "Try again in 3 minutes.")]
    public void Wait_OfOneOrMany_IsSaidAsOneOrMany(double seconds, string expected)
    {
        using var services = new ServiceCollection().AddLogging().AddLocalization().AddSingleton<FailureTexts>().BuildServiceProvider();
        var before = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("en");
            Assert.EndsWith(expected, services.GetRequiredService<FailureTexts>().Of(new Failure(FailureKind.TooMany, "limits.too_many") { RetryAfter = TimeSpan.FromSeconds(seconds) }), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    [GeneratedRegex("(?:FailureKind\\.\\w+,|Outcome\\.Invalid\\()\\s*\"([a-z_.]+)\"")]
    private static partial Regex CodePattern();
}
