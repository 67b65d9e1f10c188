using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Anycast.Sandbox.Kinds;

namespace Anycast.Sandbox.Storage;

/// <summary>All objects of one kind at one resource version.</summary>
internal sealed record Snapshot(ImmutableSortedDictionary<ObjectKey, StoredObject> Objects, long ResourceVersion);

/// <summary>
/// The sandbox's etcd: revisions of objects per kind, one counter of resource versions, a bounded history per kind to watch.
/// A write is one function from the present revision to the next, run under one lock.
/// </summary>
internal sealed class ObjectStore(KindTable kinds, Func<DateTimeOffset> now)
{
    private const int HistoryPerKind = 4000;
    private const long FirstVersion = 1000;

    private static readonly JsonWriterOptions _json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly Lock _gate = new();
    private readonly Dictionary<KindInfo, KindState> _states = [];
    private readonly Dictionary<string, Dictionary<(KindInfo, ObjectKey), StoredObject>> _controlled = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _buffer = new(16 * 1024);
    private long _version = FirstVersion;
    private long _horizon = FirstVersion;

    /// <summary>Called under the lock for every change, in order: only to take note.</summary>
    public event Action<Change>? Changed;

    /// <summary>The kinds known, built-in and custom.</summary>
    public KindTable Kinds => kinds;

    /// <summary>The clock of creation and deletion times; before the sandbox is live it runs through the past.</summary>
    public DateTimeOffset Now => now();

    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _version;
            }
        }
    }

    public StoredObject? Find(KindInfo kind, ObjectKey key)
    {
        lock (_gate)
        {
            return State(kind).Objects.GetValueOrDefault(key);
        }
    }

    public StoredObject? Find(KindInfo kind, string ns, string name) => Find(kind, new ObjectKey(ns, name));

    public Snapshot Snapshot(KindInfo kind)
    {
        lock (_gate)
        {
            return new Snapshot(State(kind).Objects, _version);
        }
    }

    /// <summary>The objects of a kind in a namespace (null for all).</summary>
    public IEnumerable<StoredObject> List(KindInfo kind, string? ns = null)
    {
        var objects = Snapshot(kind).Objects.Values;
        return ns is null ? objects : objects.Where(o => o.Namespace == ns);
    }

    /// <summary>The objects of a kind whose controlling owner has this UID.</summary>
    public IReadOnlyList<StoredObject> ControlledBy(string uid, KindInfo kind)
    {
        lock (_gate)
        {
            return _controlled.TryGetValue(uid, out var objects) ? [.. objects.Values.Where(o => o.Kind.Equals(kind))] : [];
        }
    }

    /// <summary>
    /// Writes one object. <paramref name="change"/> gets the present revision (null when there is none) and returns the wished
    /// object, or null to leave all as it is; it may throw to refuse.
    /// </summary>
    /// <returns>The revision now stored (or that would be stored, for a dry run); null when there is none.</returns>
    public StoredObject? Write(KindInfo kind, ObjectKey key, Func<StoredObject?, JsonObject?> change, WriteBy by) =>
        Write(kind, key, change, by, isChangedCopy: false);

    /// <summary>Changes an object where it exists; the change sees a copy of the present revision and returns false to leave it.</summary>
    public StoredObject? Mutate(KindInfo kind, ObjectKey key, Func<JsonObject, bool> change, WriteBy by) =>
        Write(kind, key, current => current?.Copy() is { } copy && change(copy) ? copy : null, by, isChangedCopy: true);

    private StoredObject? Write(KindInfo kind, ObjectKey key, Func<StoredObject?, JsonObject?> change, WriteBy by, bool isChangedCopy)
    {
        kind = kind.Storage;
        lock (_gate)
        {
            var state = State(kind);
            var current = state.Objects.GetValueOrDefault(key);
            var next = change(current);
            if (next is null)
            {
                return current;
            }

            ObjectRules.Prepare(kind, key, current, next, by, Now, isChangedCopy);
            if (current is not null && IsSame(current, next))
            {
                return current;
            }

            if (by.Applied is { } applied)
            {
                ManagedFields.TrackApply(current?.Json, next, applied, by, by.Force, Now);
            }
            else if (kind != BuiltIn.Event)
            {
                ManagedFields.TrackUpdate(current?.Json, next, by, Now);
            }

            if (by.DryRun)
            {
                return Build(kind, key, next, current?.ResourceVersion ?? 0).Keep(next);
            }

            if (current is not null && ObjectRules.IsReleased(kind, current, next))
            {
                return RemoveLocked(state, kind, current);
            }

            return Commit(state, kind, key, next, current, by.Part);
        }
    }

    /// <summary>Removes an object at once, whatever its finalizers say; false when it is not there.</summary>
    public bool Remove(KindInfo kind, ObjectKey key)
    {
        kind = kind.Storage;
        lock (_gate)
        {
            var state = State(kind);
            if (!state.Objects.TryGetValue(key, out var current))
            {
                return false;
            }

            RemoveLocked(state, kind, current);
            return true;
        }
    }

    /// <summary>Adds finished objects in bulk, without history: generated load, before anyone watches.</summary>
    public void Load(KindInfo kind, IEnumerable<Func<long, StoredObject>> objects)
    {
        lock (_gate)
        {
            var state = State(kind);
            var builder = state.Objects.ToBuilder();
            foreach (var next in objects)
            {
                var stored = next(++_version);
                builder[stored.Key] = stored;
                Index(stored, null);
            }

            state.Objects = builder.ToImmutable();
            state.Log.Expire(_version);
        }
    }

    /// <summary>Follows a kind from a version on; null when that version is no longer in history.</summary>
    public (Snapshot Present, IReadOnlyList<Change> Missed, Channel<Change> Live)? Follow(KindInfo kind, long? since)
    {
        kind = kind.Storage;
        lock (_gate)
        {
            var state = State(kind);
            if (since < state.Log.OldestVersion)
            {
                return null;
            }

            return (new Snapshot(state.Objects, _version), since is { } version ? state.Log.Since(version) : [], state.Log.Follow());
        }
    }

    public void Leave(KindInfo kind, Channel<Change> watcher)
    {
        lock (_gate)
        {
            State(kind).Log.Leave(watcher);
        }
    }

    /// <summary>True when a list may continue, or a watch resume, at this version.</summary>
    public bool Remembers(KindInfo kind, long version)
    {
        lock (_gate)
        {
            return version >= State(kind).Log.OldestVersion;
        }
    }

    /// <summary>Forgets all history (410 for every older version).</summary>
    public void ExpireHistory() => EachLog(log => log.Expire(_version));

    /// <summary>Ends every watch.</summary>
    public void DropWatchers() => EachLog(log => log.DropWatchers());

    private void EachLog(Action<ChangeLog> action)
    {
        lock (_gate)
        {
            // A version of its own, so that even the newest version handed out so far is older than the horizon.
            _horizon = ++_version;
            foreach (var state in _states.Values)
            {
                action(state.Log);
            }
        }
    }

    private bool IsSame(StoredObject current, JsonObject next)
    {
        var bytes = Serialise(next);
        return bytes.Length == current.Utf8.Length && (bytes.AsSpan().SequenceEqual(current.Utf8) || Json.Same(current.Json, next));
    }

    private StoredObject Commit(KindState state, KindInfo kind, ObjectKey key, JsonObject next, StoredObject? current, WritePart part)
    {
        var stored = Build(kind, key, next, ++_version).Keep(next);
        state.Objects = state.Objects.SetItem(key, stored);
        Index(stored, current);
        Publish(state, new Change(current is null ? ChangeType.Added : ChangeType.Modified, stored, current, part));
        return stored;
    }

    private StoredObject RemoveLocked(KindState state, KindInfo kind, StoredObject current)
    {
        var last = Build(kind, current.Key, current.Copy(), ++_version);
        state.Objects = state.Objects.Remove(current.Key);
        Index(null, current);
        Publish(state, new Change(ChangeType.Deleted, last, current));
        return last;
    }

    private void Publish(KindState state, Change change)
    {
        if (change.Object.Kind == BuiltIn.CustomResourceDefinition)
        {
            if (change.Type == ChangeType.Deleted)
            {
                kinds.Unregister(change.Object.Json);
            }
            else
            {
                kinds.Register(change.Object.Json);
            }
        }

        state.Log.Append(change);
        Changed?.Invoke(change);
    }

    private void Index(StoredObject? next, StoredObject? previous)
    {
        if (previous is { ControllerUid.Length: > 0 } && _controlled.TryGetValue(previous.ControllerUid, out var old))
        {
            old.Remove((previous.Kind, previous.Key));
            if (old.Count == 0)
            {
                _controlled.Remove(previous.ControllerUid);
            }
        }

        if (next is { ControllerUid.Length: > 0 })
        {
            if (!_controlled.TryGetValue(next.ControllerUid, out var mine))
            {
                _controlled[next.ControllerUid] = mine = [];
            }

            mine[(next.Kind, next.Key)] = next;
        }
    }

    private StoredObject Build(KindInfo kind, ObjectKey key, JsonObject next, long version)
    {
        var metadata = next.Ensure("metadata");
        if (version > 0)
        {
            metadata["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        }

        return new StoredObject
        {
            Kind = kind,
            Key = key,
            Uid = metadata.Str("uid"),
            ResourceVersion = version,
            Utf8 = Serialise(next),
            Labels = metadata.Map("labels"),
            Owner = OwnerKey.Of(metadata),
            HasOwners = metadata.At("ownerReferences") is not null,
            Deleting = metadata.ContainsKey("deletionTimestamp"),
            Created = metadata.Time("creationTimestamp") ?? Now,
            Pod = kind == BuiltIn.Pod ? PodFacts.Of(next) : null,
        };
    }

    private byte[] Serialise(JsonObject next)
    {
        _buffer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_buffer, _json);
        writer.WriteStartObject();
        Member("metadata");
        foreach (var (name, value) in next)
        {
            if (name is not ("kind" or "apiVersion" or "metadata" or "status"))
            {
                Write(name, value);
            }
        }

        Member("status");
        writer.WriteEndObject();
        writer.Flush();
        return _buffer.WrittenSpan.ToArray();

        void Member(string name)
        {
            if (next.TryGetPropertyValue(name, out var value))
            {
                Write(name, value);
            }
        }

        void Write(string name, JsonNode? value)
        {
            writer.WritePropertyName(name);
            if (value is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                value.WriteTo(writer);
            }
        }
    }

    private KindState State(KindInfo kind)
    {
        kind = kind.Storage;
        if (!_states.TryGetValue(kind, out var state))
        {
            _states[kind] = state = new KindState(new ChangeLog(HistoryPerKind, _horizon));
        }

        return state;
    }

    private sealed class KindState(ChangeLog log)
    {
        public ChangeLog Log { get; } = log;

        public ImmutableSortedDictionary<ObjectKey, StoredObject> Objects { get; set; } = ImmutableSortedDictionary<ObjectKey, StoredObject>.Empty;
    }
}
