using System.Text.RegularExpressions;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>Inside Core a feature uses only features to its left (DESIGN §3). Mappings and the contexts are exempt, because foreign keys name other features' entities.</summary>
public sealed partial class FeatureBoundaryTests
{
    private const string Order =
        "Common, Data | Activity, Mail, Analytics, Usage | Notifications | Accounts | Teams | ApiTokens, Files | Clusters | Agents | Proposals"
        + " | Diagnostics | Assistant | Billing, Blog, Contact, Newsletter | Privacy | Operators";

    private static readonly Dictionary<string, int> s_rank = Order.Split('|')
        .SelectMany((group, rank) => group.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(name => (name: name.Trim(), rank)))
        .ToDictionary(x => x.name, x => x.rank);

    [Fact]
    public void Folders_OfCore_AreAllInTheOrder()
    {
        var folders = Directory.GetDirectories(RepositoryRoot.At("Anycast.Core")).Select(d => Path.GetFileName(d)).Where(n => n is not ("bin" or "obj" or "Properties"));
        Assert.Empty(folders.Except(s_rank.Keys));
    }

    [Fact]
    public void Features_OfCore_UseOnlyWhatStandsToTheirLeft()
    {
        var violations = new List<string>();
        foreach (var file in RepositoryRoot.Sources("Anycast.Core", ".cs").Where(f => !IsExempt(f)))
        {
            var feature = RepositoryRoot.Shown(file).Split('/')[1];
            if (!s_rank.TryGetValue(feature, out var rank))
            {
                continue;
            }

            var number = 0;
            foreach (var line in File.ReadLines(file))
            {
                number++;
                var code = CommentPattern().Replace(line, "");
                violations.AddRange(NamePattern().Matches(code).Select(m => m.Groups[1].Value)
                    .Where(used => used != feature && s_rank.TryGetValue(used, out var r) && r >= rank && !(rank == 0 && r == 0))
                    .Select(used => $"{RepositoryRoot.Shown(file)}:{number}: {feature} may not use {used}"));
            }
        }

        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Theory]
    [InlineData("using Anycast.Core.Teams;", "Teams")]
    [InlineData("    Anycast.Core.Accounts.User user,", "Accounts")]
    public void NamePattern_OnAUse_FindsTheFeature(string line, string feature) => Assert.Equal(feature, NamePattern().Match(line).Groups[1].Value);

    private static bool IsExempt(string file) =>
        file.EndsWith("Mapping.cs", StringComparison.Ordinal) || file.EndsWith("DbContext.cs", StringComparison.Ordinal) || file.Contains("/Data/Migrations/");

    [GeneratedRegex(@"\bAnycast\.Core\.([A-Z]\w+)")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"//.*$")]
    private static partial Regex CommentPattern();
}
