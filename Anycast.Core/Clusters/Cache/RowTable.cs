using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>How far a kind of a cluster is known.</summary>
public enum RowTableState
{
    /// <summary>Nothing was read yet.</summary>
    Empty = 0,

    /// <summary>The first list is under way.</summary>
    Loading = 1,

    /// <summary>Complete, and followed.</summary>
    Live = 2,

    /// <summary>As it was when the connection went.</summary>
    Stale = 3,

    /// <summary>The cluster refuses it to the agent.</summary>
    Refused = 4,

    /// <summary>As it was when the cluster's API server ceased to answer the agent.</summary>
    Silent = 5,
}

/// <summary>
/// The rows of one kind. A list that starts anew (after 410 Gone, or a new connection) is laid over the old rows and only its end removes
/// what it did not name, so that nothing flickers.
/// </summary>
internal sealed class RowTable(string kind, int limit)
{
    private readonly Dictionary<string, Entry> _rows = new(StringComparer.Ordinal);
    private int _generation;
    private bool _listing;

    public string Kind => kind;

    /// <summary>Grows with every change; the key of shared views.</summary>
    public long Version { get; private set; }

    public RowTableState State { get; private set; }

    /// <summary>Code of the cluster's refusal while <see cref="State"/> is Refused.</summary>
    public string? Error { get; private set; }

    /// <summary>Since when the API server does not answer for this kind, while <see cref="State"/> is Silent.</summary>
    public DateTimeOffset? SilentSince { get; private set; }

    /// <summary>More rows came than are kept.</summary>
    public bool CutOff { get; private set; }

    public int Count => _rows.Count;

    public IEnumerable<ResourceRow> Rows => _rows.Values.Select(e => e.Row);

    public ResourceRow? Find(string key) => _rows.TryGetValue(key, out var entry) ? entry.Row : null;

    /// <summary>Applies a line of the stream; true when a viewer could see a difference.</summary>
    public bool Apply(RowChange change, DateTimeOffset at)
    {
        // Rows that come outside a list are from a watch that goes on, so the API server answers again. An agent of today says so by itself.
        var answers = State == RowTableState.Silent && !_listing && change.Type is RowChangeType.Upsert or RowChangeType.Delete && SetState(RowTableState.Live);
        return Take(change, at) || answers;
    }

    private bool Take(RowChange change, DateTimeOffset at)
    {
        switch (change.Type)
        {
            case RowChangeType.Reset:
                _generation++;
                _listing = true;
                CutOff = false;

                // A list that begins is no answer yet.
                return State != RowTableState.Silent && SetState(_rows.Count == 0 ? RowTableState.Loading : State is RowTableState.Live ? RowTableState.Live : RowTableState.Loading);
            case RowChangeType.Upsert when change.Row is { } row && row.Kind == kind:
                return Upsert(row);
            case RowChangeType.Delete when change.Key is { } key:
                return _rows.Remove(key) && Bump();
            case RowChangeType.Synced:
                var gone = _rows.Where(r => r.Value.Generation != _generation).Select(r => r.Key).ToList();
                gone.ForEach(key => _rows.Remove(key));
                _listing = false;
                return SetState(RowTableState.Live) | (gone.Count > 0 && Bump());
            case RowChangeType.Error:
                return Fail(change.Error ?? "Unknown", at);
            default:
                return false;
        }
    }

    /// <summary>Puts another judgement in a row's place; true when a viewer could see a difference.</summary>
    public bool Replace(ResourceRow row)
    {
        var key = row.Key;
        if (!_rows.TryGetValue(key, out var known) || known.Row.Equals(row))
        {
            return false;
        }

        _rows[key] = known with { Row = row };
        return Bump();
    }

    public void MarkStale()
    {
        if (State != RowTableState.Empty)
        {
            SetState(RowTableState.Stale);
        }
    }

    private bool Upsert(ResourceRow row)
    {
        var key = row.Key;
        if (_rows.TryGetValue(key, out var known))
        {
            _rows[key] = new Entry(row, _generation);
            return !known.Row.Equals(row) && Bump();
        }

        if (_rows.Count >= limit && !MakeRoom(row))
        {
            CutOff = true;
            return false;
        }

        _rows.Add(key, new Entry(row, _generation));
        return Bump();
    }

    /// <summary>Of events the oldest tenth goes; other kinds keep what they have.</summary>
    private bool MakeRoom(ResourceRow incoming)
    {
        if (incoming is not EventRow)
        {
            return false;
        }

        foreach (var old in _rows.OrderBy(r => ((EventRow)r.Value.Row).LastSeenTicks).Take(limit / 10 + 1).Select(r => r.Key).ToList())
        {
            _rows.Remove(old);
        }

        return true;
    }

    /// <summary>A right that is missing is mended by a person in the cluster, a server that does not answer by time: two states.</summary>
    private bool Fail(string error, DateTimeOffset at)
    {
        var refused = error is "Forbidden" or "Unauthorized" or "NotFound";
        var changed = SetState(refused ? RowTableState.Refused : RowTableState.Silent);
        Error = refused ? error : null;
        SilentSince = refused ? null : SilentSince ?? at;
        return changed;
    }

    private bool SetState(RowTableState state)
    {
        if (State == state)
        {
            return false;
        }

        State = state;
        Error = null;
        SilentSince = null;
        return Bump();
    }

    private bool Bump()
    {
        Version++;
        return true;
    }

    private readonly record struct Entry(ResourceRow Row, int Generation);
}
