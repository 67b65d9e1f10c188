using System.Text;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Operations;

/// <summary>
/// The service's own look at the answer to an operation: a value may stand in the diff only where the allow-list has a leaf whose
/// type it fits; every other value becomes a marker and is counted, whatever the agent thought.
/// </summary>
public static class DiffCheck
{
    private const int MostLeaves = 250;

    /// <summary>The answer as it may be shown, and how many values had to be withheld.</summary>
    public static (OperationResult Result, int Withheld) Check(OperationRequest request, OperationResult result)
    {
        var withheld = 0;
        var asked = request.Leaves.ToDictionary(l => l.Path, l => l.Value, StringComparer.Ordinal);
        var diff = result.Diff?.Take(MostLeaves).Select(d => Leaf(request.Target.Kind, d, asked, ref withheld)).ToList();
        var uid = Text(LeafType.Uuid, result.Uid, ref withheld);
        var reason = result.Reason is null ? null : Text(LeafType.Enum, result.Reason, ref withheld);
        return (result with { Uid = uid, Reason = reason, Diff = diff }, withheld);
    }

    private static LeafDiff Leaf(string kind, LeafDiff leaf, Dictionary<string, string?> asked, ref int withheld)
    {
        var requested = leaf.Requested && asked.ContainsKey(leaf.Path);
        var path = FieldPath.Parse(leaf.Path);
        var type = path is null ? LeafType.None : RedactionSpecification.Current.LeafAt(kind, path);
        var named = requested || (path is not null && path.Steps.All(s => LeafGrammar.Fits(LeafType.Name, Encoding.UTF8.GetBytes(s.Text)) && !Detectors.Hit(Encoding.UTF8.GetBytes(s.Text))));

        // What was asked for is the service's own value; it comes from the request, not from the agent.
        return new LeafDiff(
            named ? leaf.Path : Marker.ForString(leaf.Path.Length),
            Text(type, leaf.Before, ref withheld),
            requested ? asked[leaf.Path] : Text(type, leaf.After, ref withheld),
            requested);
    }

    private static string? Text(LeafType type, string? value, ref int withheld)
    {
        if (value is null)
        {
            return null;
        }

        var utf8 = Encoding.UTF8.GetBytes(value);
        if (Marker.IsString(utf8) || Marker.IsCount(utf8))
        {
            return value;
        }

        var fits = type == LeafType.Argv
            ? LeafGrammar.TryArgv0(utf8, out _) && !Detectors.Hit(utf8)
            : type == LeafType.Msg
                ? MessageTemplates.Current.RenderAnywhere(value) == value
                : LeafGrammar.Fits(type, utf8) && !(LeafGrammar.NeedsDetectors(type) && (type == LeafType.Image ? Detectors.HitImage(utf8) : Detectors.Hit(utf8)));
        if (fits)
        {
            return value;
        }

        withheld++;
        return Marker.ForString(value.Length);
    }
}
