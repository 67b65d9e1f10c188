using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>Whether a cluster's agent is connected to this service.</summary>
/// <param name="Connected">True while it is.</param>
/// <param name="Since">Since when it is, or is not; null when it never was since this process started.</param>
/// <param name="SilentSince">Since when the agent, though connected, gets no answer of the cluster's API server; null while it does.</param>
public sealed record ClusterConnection(bool Connected, DateTimeOffset? Since, DateTimeOffset? SilentSince = null);

/// <summary>Counts of rows by health.</summary>
public sealed record HealthCounts(int Failing, int Warning, int Progressing, int Healthy, int Unknown)
{
    public int Total => Failing + Warning + Progressing + Healthy + Unknown;

    /// <summary>The worst that occurs.</summary>
    public Health Worst =>
        Failing > 0 ? Health.Failing : Warning > 0 ? Health.Warning : Progressing > 0 ? Health.Progressing : Healthy > 0 ? Health.Healthy : Health.Unknown;
}

/// <summary>
/// What is known of one cluster: rows of fourteen kinds, fed by one watch each, shared by all viewers. When the connection goes the rows
/// stay, marked with the instant. Every read takes the <see cref="ClusterScope"/> of who reads.
/// </summary>
public sealed class ClusterCache
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, RowTable> _tables;
    private readonly Dictionary<string, View> _views = [];
    private readonly NetworkHealth _network;
    private readonly ChangeNotifier _notifier;
    private readonly TimeProvider _clock;
    private ClusterConnection _connection = new(false, null);
    private ClusterFeed? _feed;
    private long _made;

    internal ClusterCache(Guid clusterId, TimeProvider clock)
    {
        ClusterId = clusterId;
        _clock = clock;
        _notifier = new ChangeNotifier(clock);
        _tables = ClusterKinds.WithRows.ToDictionary(
            k => k, k => new RowTable(k, k == "Event" ? ClusterLimits.Events : ClusterLimits.RowsPerKind), StringComparer.Ordinal);
        _network = new NetworkHealth(_tables);
    }

    public Guid ClusterId { get; }

    /// <summary>The cluster was removed while somebody looked at it.</summary>
    public bool Removed { get; private set; }

    public ClusterConnection Connection
    {
        get
        {
            lock (_lock)
            {
                return _connection with { SilentSince = ApiSilentSince() };
            }
        }
    }

    /// <summary>Tells of changes, at most four times a second; the handler must be short and hand over to its own thread. Dispose to end.</summary>
    public IDisposable Subscribe(Action<ClusterChange> handler) => _notifier.Subscribe(handler);

    /// <summary>How far a kind is known; several kinds: the least known of them.</summary>
    public RowTableState State(params IEnumerable<string> kinds)
    {
        lock (_lock)
        {
            var states = kinds.Select(k => _tables[k].State).ToList();
            return states.Contains(RowTableState.Stale) ? RowTableState.Stale
                : states.All(s => s == RowTableState.Refused) ? RowTableState.Refused
                : states.Contains(RowTableState.Silent) ? RowTableState.Silent
                : states.Contains(RowTableState.Loading) ? RowTableState.Loading
                : states.Contains(RowTableState.Empty) ? RowTableState.Empty
                : RowTableState.Live;
        }
    }

    /// <summary>The rows a query wants, from <paramref name="skip"/> on. Sorted once per query and change, whoever asks.</summary>
    public RowSlice Query(ClusterScope scope, RowQuery query, int skip, int take)
    {
        lock (_lock)
        {
            var view = FindView(scope, query);
            var from = Math.Clamp(skip, 0, view.Rows.Length);
            var count = Math.Clamp(take, 0, Math.Min(ClusterLimits.RowsPerQuery, view.Rows.Length - from));
            return new RowSlice(new ArraySegment<ResourceRow>(view.Rows, from, count), view.Rows.Length, view.Unfiltered);
        }
    }

    /// <summary>Place of a row within a query's list, or -1.</summary>
    public int IndexOf(ClusterScope scope, RowQuery query, string key)
    {
        lock (_lock)
        {
            return Array.FindIndex(FindView(scope, query).Rows, r => r.Key == key);
        }
    }

    /// <summary>One row, or null when it is not there or out of scope.</summary>
    public ResourceRow? Find(ClusterScope scope, string kind, string ns, string name)
    {
        lock (_lock)
        {
            return scope.Allows(ns) && _tables.TryGetValue(kind, out var table) ? table.Find($"{kind}/{ns}/{name}") : null;
        }
    }

    /// <summary>How many rows of these kinds are how well.</summary>
    public HealthCounts Count(ClusterScope scope, IEnumerable<string> kinds, string? ns = null)
    {
        Span<int> counts = stackalloc int[5];
        lock (_lock)
        {
            foreach (var kind in kinds)
            {
                foreach (var row in _tables[kind].Rows)
                {
                    if (scope.Allows(row.Namespace) && (ns is null || row.Namespace == ns))
                    {
                        counts[(int)row.Health]++;
                    }
                }
            }
        }

        return new HealthCounts(counts[(int)Health.Failing], counts[(int)Health.Warning], counts[(int)Health.Progressing], counts[(int)Health.Healthy], counts[(int)Health.Unknown]);
    }

    /// <summary>Names of the namespaces in scope, in order.</summary>
    public IReadOnlyList<string> Namespaces(ClusterScope scope)
    {
        lock (_lock)
        {
            return [.. _tables["Namespace"].Rows.Select(r => r.Name).Where(scope.Allows).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Code of the cluster's refusal to list a kind, null when it does not refuse.</summary>
    public string? Refusal(string kind)
    {
        lock (_lock)
        {
            return _tables[kind] is { State: RowTableState.Refused, Error: var error } ? error : null;
        }
    }

    /// <summary>Since when the API server does not answer for the first such of these kinds; null when it answers for all.</summary>
    public DateTimeOffset? SilentSince(params IEnumerable<string> kinds)
    {
        lock (_lock)
        {
            return kinds.Min(k => _tables[k].SilentSince);
        }
    }

    /// <summary>More rows exist of this kind than are kept.</summary>
    public bool CutOff(string kind)
    {
        lock (_lock)
        {
            return _tables[kind].CutOff;
        }
    }

    internal void Apply(ClusterFeed? feed, string kind, RowChange change)
    {
        bool changed, state;
        IReadOnlyList<string> others;
        var at = _clock.GetUtcNow();
        lock (_lock)
        {
            if (!ReferenceEquals(feed, _feed))
            {
                return; // A last line of a feed that was replaced.
            }

            var table = _tables[kind];
            var before = table.State;
            change = _network.Judged(change);
            changed = table.Apply(change, at);
            others = _network.Follow(kind, change);
            state = table.State != before;
        }

        if (changed)
        {
            _notifier.Notify(kind, connection: state);
        }

        foreach (var other in others)
        {
            _notifier.Notify(other);
        }
    }

    internal void SetFeed(ClusterFeed? feed, DateTimeOffset at)
    {
        var connected = feed is not null;
        lock (_lock)
        {
            _feed = feed;
            if (_connection.Connected == connected && _connection.Since is not null)
            {
                return;
            }

            _connection = new ClusterConnection(connected, at);
            if (!connected)
            {
                foreach (var table in _tables.Values)
                {
                    table.MarkStale();
                }
            }
        }

        _notifier.Notify(connection: true);
    }

    internal void MarkRemoved()
    {
        Removed = true;
        _notifier.Notify(connection: true, removed: true);
    }

    /// <summary>One kind that answers is enough: then it is not the API server that is away.</summary>
    private DateTimeOffset? ApiSilentSince() =>
        _connection.Connected && !_tables.Values.Any(t => t.State is RowTableState.Live) ? _tables.Values.Min(t => t.SilentSince) : null;

    private View FindView(ClusterScope scope, RowQuery query)
    {
        var kinds = query.KindList;
        var version = kinds.Sum(k => _tables[k].Version);
        var key = $"{scope.Key}\n{query}";
        if (_views.TryGetValue(key, out var known) && known.Version == version)
        {
            return known;
        }

        var inScope = kinds.SelectMany(k => _tables[k].Rows).Where(r => scope.Allows(r.Namespace));
        var unfiltered = 0;
        var rows = new List<ResourceRow>();
        foreach (var row in inScope)
        {
            unfiltered++;
            if (query.Matches(row))
            {
                rows.Add(row);
            }
        }

        rows.Sort(RowSort.Comparison(query.Sort, query.Descending));
        if (_views.Count >= ClusterLimits.Views && !_views.ContainsKey(key))
        {
            _views.Remove(_views.MinBy(v => v.Value.Made).Key);
        }

        var view = new View(version, [.. rows], unfiltered, _made++);
        _views[key] = view;
        return view;
    }

    private sealed record View(long Version, ResourceRow[] Rows, int Unfiltered, long Made);
}
