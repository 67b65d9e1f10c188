using System.Buffers;
using System.Text;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Rights;

/// <summary>
/// Holds a report of rights to its bounds and its grammar, in the agent before it leaves and in the service on arrival. A word that does
/// not fit becomes a marker and is not dropped: a right that can't be named is still a right.
/// </summary>
public static class RightsCheck
{
    /// <summary>Scopes of one report: the whole cluster and the namespaces.</summary>
    public const int MostScopes = 201;

    /// <summary>Rules of one scope.</summary>
    public const int MostRules = 400;

    private const int MostWords = 200;
    private const int MostOptIns = 10;
    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/*:");

    /// <summary>The report as it may be kept and shown. What is beyond the bounds is cut off, and the report says so.</summary>
    public static RightsReport Clean(RightsReport report)
    {
        var complete = report.Complete && report.Scopes.Count <= MostScopes && report.Scopes.All(s => s.Rules.Count <= MostRules);
        return new RightsReport(complete, [.. report.Scopes.Take(MostScopes).Select(s => new ScopedRules(Word(s.Namespace), [.. s.Rules.Take(MostRules).Select(Rule)]))], OptIns(report.OptIns));
    }

    private static List<OptIn>? OptIns(IReadOnlyList<OptIn>? optIns) =>
        optIns?.Where(o => Enum.IsDefined(o.Kind)).Take(MostOptIns).Select(o => o with { Namespaces = [.. o.Namespaces.Take(OptInObject.MostNamespaces).Select(Word)] }).ToList();

    private static RoleRule Rule(RoleRule rule) => new(Words(rule.Groups), Words(rule.Resources), Words(rule.Verbs), Words(rule.Names), Words(rule.NonResourceUrls));

    private static string[] Words(IReadOnlyList<string> words) => [.. words.Take(MostWords).Select(Word)];

    private static string Word(string text)
    {
        var fits = text.Length <= 253 && text.AsSpan().IndexOfAnyExcept(WordCharacters) < 0 && !Detectors.Hit(Encoding.UTF8.GetBytes(text));
        return fits || Marker.IsString(Encoding.UTF8.GetBytes(text)) ? text : Marker.ForString(text.Length);
    }
}
