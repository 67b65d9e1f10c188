using System.Security.Cryptography;
using System.Text;
using Anycast.Tunnel.Operations;
using k8s;
using k8s.Models;

namespace Anycast.Core.Diagnostics;

/// <summary>Collects what one finding rests on and makes it, with bounded values and a stable fingerprint.</summary>
internal sealed class Report(ClusterSnapshot snapshot, string rule, FindingSeverity severity, ObjectRef subject, string detail = "")
{
    private readonly Dictionary<string, string> _args = new(StringComparer.Ordinal)
    {
        ["object"] = subject.ToString(),
        ["kind"] = subject.Kind,
        ["name"] = subject.Name,
        ["namespace"] = subject.Namespace,
    };

    private readonly List<Evidence> _evidence = [];
    private readonly List<ObjectRef> _causedBy = [];
    private ObjectRef? _affected;
    private DateTimeOffset? _first;
    private DateTimeOffset? _last;
    private SuggestedFix? _fix;
    private bool _symptom;

    /// <summary>Sets a placeholder of the texts.</summary>
    public Report With(string name, string? value)
    {
        _args[name] = Cut(value);
        return this;
    }

    /// <summary>Adds something that was read. Absent values are no evidence.</summary>
    public Report Saw(ObjectRef where, string path, string? value)
    {
        if (!string.IsNullOrEmpty(value) && _evidence.Count < DiagnosticsLimits.EvidencePerFinding)
        {
            _evidence.Add(new Evidence(where, path, Cut(value)));
        }

        return this;
    }

    /// <summary>Adds an event, with its times.</summary>
    public Report Saw(Corev1Event? e)
    {
        if (e is null)
        {
            return this;
        }

        var where = new ObjectRef("", "Event", e.Metadata?.NamespaceProperty ?? "", e.Metadata?.Name ?? "", e.Metadata?.Uid ?? "");
        var times = e.Times() > 1 ? $" (×{e.Times().Text()})" : "";
        Saw(where, $"{e.InvolvedObject?.Kind} {e.InvolvedObject?.Name}: {e.Reason}", e.Message + times);
        return Between(e.FirstSeen(), e.LastSeen());
    }

    /// <summary>Names the object that shows the fault, when it is not the subject itself.</summary>
    public Report On(string kind, IMetadata<V1ObjectMeta> item)
    {
        _affected = Kinds.Ref(kind, item);
        return this;
    }

    /// <summary>Widens the span in which the fault was seen.</summary>
    public Report Between(DateTimeOffset? first, DateTimeOffset? last)
    {
        _first = Earlier(_first, first);
        _last = Later(_last, last);
        return this;
    }

    /// <summary>Says that this only follows from faults of other objects.</summary>
    public Report FollowsFrom(IEnumerable<ObjectRef> causes)
    {
        _symptom = true;
        _causedBy.AddRange(causes.Distinct().Take(DiagnosticsLimits.AffectedPerFinding));
        return this;
    }

    /// <summary>Suggests a change; nothing happens for null.</summary>
    public Report Mend(SuggestedFix? fix)
    {
        _fix ??= fix;
        return this;
    }

    /// <summary>The finding.</summary>
    public Finding Done() => new()
    {
        Fingerprint = Fingerprint(snapshot.ClusterId, subject, rule, detail),
        Rule = rule,
        Severity = severity,
        Subject = subject,
        Detail = detail,
        Args = _args,
        Evidence = _evidence,
        Affected = _affected is null ? [] : [_affected],
        Symptom = _symptom,
        CausedBy = _causedBy,
        FirstSeen = _first,
        LastSeen = _last,
        Fix = _fix,
    };

    /// <summary>Makes a change of named leaves, canonical: ordered by path.</summary>
    public static SuggestedFix Fix(string operation, ObjectRef target, string origin, IEnumerable<LeafChange> leaves, params ReadOnlySpan<(string Name, string Value)> args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["object"] = target.ToString(), ["name"] = target.Name };
        foreach (var (name, value) in args)
        {
            values[name] = Cut(value);
        }

        return new SuggestedFix(operation, target, [.. leaves.OrderBy(l => l.Path, StringComparer.Ordinal)], origin, values);
    }

    /// <summary>
    /// SHA-256 over cluster, subject, rule and detail, first 16 bytes in hex. The subject's UID stands for it where known, so that an object
    /// deleted and made again is a new finding; pods do not appear in it, so a restart is none.
    /// </summary>
    internal static string Fingerprint(string clusterId, ObjectRef subject, string rule, string detail)
    {
        var identity = subject.Uid.Length > 0 ? subject.Uid : $"{subject.Group}/{subject.Kind}/{subject.Namespace}/{subject.Name}";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', clusterId, identity, rule, detail)));
        return Convert.ToHexStringLower(hash.AsSpan(0, 16));
    }

    internal static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;

    internal static DateTimeOffset? Later(DateTimeOffset? a, DateTimeOffset? b) => a is null || b > a ? b ?? a : a;

    private static string Cut(string? value) => value switch
    {
        null => "",
        { Length: > DiagnosticsLimits.ValueLength } => string.Concat(value.AsSpan(0, DiagnosticsLimits.ValueLength), "…"),
        _ => value,
    };
}
