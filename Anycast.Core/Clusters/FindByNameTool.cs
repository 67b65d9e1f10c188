using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Common.Tools;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters;

/// <summary>Arguments of <see cref="FindByNameTool"/>.</summary>
[Description("Which words to look up.")]
public sealed record FindByNameArguments(
    [property: Description("Words that may be names or parts of names; at most 8.")] IReadOnlyList<string> Words,
    [property: Description("Objects of this namespace come first; leave out when none is meant.")] string? Namespace = null);

/// <summary>How a name fits a word, the best first.</summary>
public enum NameFit
{
    /// <summary>It is the word.</summary>
    Exact = 1,

    /// <summary>The word is the name of something that this made: <c>checkout-7b97b466b7-x2x4z</c> of <c>checkout</c>.</summary>
    MadeBy,

    /// <summary>It begins with the word.</summary>
    Begins,

    /// <summary>The word is one of its parts.</summary>
    Part,

    /// <summary>The word stands somewhere in it.</summary>
    Within,
}

/// <summary>An object whose name fits, and what stands at the end of its owners (itself when nothing owns it).</summary>
public sealed record NamedObject(NameFit Fit, string Kind, string Namespace, string Name, string RootKind, string RootName);

/// <summary>What a word may mean.</summary>
/// <param name="Word">The word.</param>
/// <param name="Matches">The best few, best first.</param>
/// <param name="Near">The one name that is spelled almost alike, when nothing matches.</param>
public sealed record FoundWord(string Word, IReadOnlyList<NamedObject> Matches, string? Near);

/// <summary>Output of <see cref="FindByNameTool"/>.</summary>
public sealed record FindByNameOutput(IReadOnlyList<FoundWord> Words, string? Note);

/// <summary>Says which objects a word names, over all kinds of the live cache; and which name is nearest where none does.</summary>
public sealed class FindByNameTool(ClusterGateway gateway) : Tool<FindByNameArguments>
{
    private const int MaxWords = 8;
    private const int MaxMatches = 6;
    private const int ShortestWithin = 4;

    /// <summary>What people name first; the pods and what stands between come last.</summary>
    private static readonly string[] s_kinds =
        ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Service", "Ingress", "PersistentVolumeClaim", "Node", "Namespace", "Job", "ReplicaSet", "Pod"];

    /// <summary>Names that a person gave; those of pods are made up and near to each other.</summary>
    private static readonly HashSet<string> s_given = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Service", "Ingress", "PersistentVolumeClaim", "Node", "Namespace"];

    public override string Name => "find_by_name";

    public override string Description => "Finds which objects words name, over all kinds, with what owns them; for a misspelled word the nearest name. Live, cheap; use it when only a word of a name is known.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, FindByNameArguments arguments, CancellationToken ct)
    {
        if (context.ClusterId is not { } clusterId)
        {
            return ClusterToolResults.NoCluster;
        }

        if (arguments.Words.Count is 0 or > MaxWords || arguments.Words.Any(w => w is not { Length: > 0 and <= 253 }) || arguments.Namespace is { } ns && !KubernetesNames.IsNamespace(ns))
        {
            return ToolResult.Fail("tool.arguments", $"1 to {MaxWords} words are needed. A namespace is a lower-case name.");
        }

        var open = await gateway.OpenCacheAsync(context.Actor, context.TeamId, clusterId, ct);
        if (!open.IsOk)
        {
            return ToolResult.Fail(open.Failure);
        }

        var cache = open.Value.Cache;
        var rows = cache.All(open.Value.Scope, s_kinds);
        var found = arguments.Words.Select(w => Find(open.Value, rows, w.ToLowerInvariant(), arguments.Namespace)).ToList();
        var output = new FindByNameOutput(found, ClusterToolResults.Note(cache, cache.State(s_kinds)));
        var read = $"{string.Join(", ", arguments.Words)} · {found.Sum(f => f.Matches.Count).ToString(CultureInfo.InvariantCulture)}";
        return new ToolResult(JsonSerializer.SerializeToElement(output, ToolJson.Options), Read: read);
    }

    private static FoundWord Find(ScopedCache cache, IReadOnlyList<ResourceRow> rows, string word, string? ns)
    {
        var matches = rows
            .Select(r => (Row: r, Fit: FitOf(r, word)))
            .Where(m => m.Fit is not null)
            .OrderBy(m => m.Fit)
            .ThenBy(m => ns is not null && m.Row.Namespace != ns)
            .ThenBy(m => Array.IndexOf(s_kinds, m.Row.Kind))
            .ThenByDescending(m => m.Fit == NameFit.MadeBy ? m.Row.Name.Length : 0)
            .ThenBy(m => m.Row.Namespace, StringComparer.Ordinal)
            .ThenBy(m => m.Row.Name, StringComparer.Ordinal)
            .Take(MaxMatches)
            .Select(m => Describe(cache, m.Row, m.Fit!.Value))
            .ToList();
        var near = matches.Count == 0 && word.Length >= ShortestWithin ? Spelling.Nearest(word, rows.Where(r => s_given.Contains(r.Kind)).Select(r => r.Name)) : null;
        return new FoundWord(word, matches, near);
    }

    private static NameFit? FitOf(ResourceRow row, string word)
    {
        var name = row.Name;
        if (name.Equals(word, StringComparison.OrdinalIgnoreCase))
        {
            return NameFit.Exact;
        }

        if (word.Length > name.Length)
        {
            return s_given.Contains(row.Kind) && row.Kind is not ("Node" or "Namespace" or "Service" or "Ingress" or "PersistentVolumeClaim")
                && word.StartsWith(name, StringComparison.OrdinalIgnoreCase) && word[name.Length] == '-' ? NameFit.MadeBy : null;
        }

        var at = name.IndexOf(word, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var ends = at + word.Length == name.Length || name[at + word.Length] is '-' or '.';
        return at == 0 && ends ? NameFit.Begins
            : at > 0 && ends && name[at - 1] is '-' or '.' ? NameFit.Part
            : word.Length >= ShortestWithin ? NameFit.Within
            : null;
    }

    private static NamedObject Describe(ScopedCache cache, ResourceRow row, NameFit fit)
    {
        var (kind, name) = (row.Kind, row.Name);
        ResourceRow? at = row;

        // Pod, ReplicaSet, Deployment: the chain is short; bounded, because the objects are not ours.
        for (var i = 0; i < 4 && at is { OwnerKind.Length: > 0 } && at.OwnerKind != "Node"; i++)
        {
            (kind, name) = (at.OwnerKind, at.OwnerName);
            at = cache.Find(kind, row.Namespace, name);
        }

        return new NamedObject(fit, row.Kind, row.Namespace, row.Name, kind, name);
    }
}
