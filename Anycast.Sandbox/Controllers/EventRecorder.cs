using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>
/// Writes Events as the components of Kubernetes do: the same message about the same object counts up, and after an hour
/// without a repetition an event goes away (the API server's --event-ttl).
/// </summary>
internal sealed class EventRecorder(ObjectStore store, SimulatedTime time)
{
    private static readonly TimeSpan _kept = TimeSpan.FromHours(1);
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private long _order;

    public void Normal(StoredObject about, string reason, string message, string component, string host = "", string fieldPath = "") =>
        Record(about, "Normal", reason, message, component, host, fieldPath);

    public void Warning(StoredObject about, string reason, string message, string component, string host = "", string fieldPath = "", int times = 1) =>
        Record(about, "Warning", reason, message, component, host, fieldPath, times);

    /// <summary>Removes events whose last occurrence is an hour ago.</summary>
    public void Expire()
    {
        var horizon = time.Now - _kept;
        lock (_gate)
        {
            foreach (var (key, known) in _known.Where(p => p.Value.Last < horizon).ToList())
            {
                _known.Remove(key);
                store.Remove(BuiltIn.Event, known.Event);
            }
        }
    }

    /// <summary>Writes the repetitions that were only counted while the past was played.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            foreach (var known in _known.Values.Where(k => k.Unwritten > 0))
            {
                Write(known);
            }
        }
    }

    private void Record(StoredObject about, string type, string reason, string message, string component, string host, string fieldPath, int times = 1)
    {
        var now = time.Now;
        var key = $"{about.Uid}|{type}|{reason}|{component}|{host}|{fieldPath}|{message}";
        var by = new WriteBy(component, WritePart.Everything);
        lock (_gate)
        {
            if (_known.TryGetValue(key, out var known) && store.Find(BuiltIn.Event, known.Event) is not null)
            {
                known.Last = now;
                known.Unwritten += times;
                if (time.IsLive)
                {
                    Write(known);
                }

                return;
            }

            var ns = about.Kind.Namespaced ? about.Namespace : "default";
            var name = string.Create(CultureInfo.InvariantCulture, $"{about.Name}.{now.UtcTicks + ++_order:x16}");
            var created = new ObjectKey(ns, name);
            _known[key] = new Known(created, component, now);
            store.Write(BuiltIn.Event, created, _ => New(about, type, reason, message, component, host, fieldPath, now), by);
        }
    }

    private static bool Repeat(JsonObject e, int times, DateTimeOffset now)
    {
        if (e.At("eventTime") is not null)
        {
            var series = e.Ensure("series");
            series["count"] = Math.Max(2, series.Int("count") + times);
            series["lastObservedTime"] = Json.MicroStamp(now);
        }
        else
        {
            e["count"] = e.Int("count") + times;
            e["lastTimestamp"] = Json.Stamp(now);
        }

        return true;
    }

    private static JsonObject New(StoredObject about, string type, string reason, string message, string component, string host, string fieldPath, DateTimeOffset now)
    {
        var involved = new JsonObject
        {
            ["kind"] = about.Kind.Kind,
            ["namespace"] = about.Namespace,
            ["name"] = about.Name,
            ["uid"] = about.Uid,
            ["apiVersion"] = about.Kind.ApiVersion,
            ["resourceVersion"] = about.ResourceVersion.ToString(CultureInfo.InvariantCulture),
        };
        if (about.Namespace.Length == 0)
        {
            involved.Remove("namespace");
        }

        if (fieldPath.Length > 0)
        {
            involved["fieldPath"] = fieldPath;
        }

        var created = new JsonObject
        {
            ["involvedObject"] = involved,
            ["reason"] = reason,
            ["message"] = message,
        };

        // The scheduler writes events of the newer form: a time of its own and a series.
        if (component == "default-scheduler")
        {
            created["source"] = new JsonObject();
            created["firstTimestamp"] = null;
            created["lastTimestamp"] = null;
            created["eventTime"] = Json.MicroStamp(now);
            created["action"] = reason == "FailedScheduling" ? "Scheduling" : "Binding";
            created["reportingInstance"] = component + "-control-plane-1";
        }
        else
        {
            created["source"] = host.Length > 0 ? new JsonObject { ["component"] = component, ["host"] = host } : new JsonObject { ["component"] = component };
            created["firstTimestamp"] = Json.Stamp(now);
            created["lastTimestamp"] = Json.Stamp(now);
            created["count"] = 1;
            created["eventTime"] = null;
            created["reportingInstance"] = host;
        }

        created["type"] = type;
        created["reportingComponent"] = component;
        return created;
    }

    private void Write(Known known)
    {
        var times = known.Unwritten;
        known.Unwritten = 0;
        store.Mutate(BuiltIn.Event, known.Event, e => Repeat(e, times, known.Last), new WriteBy(known.Component, WritePart.Everything));
    }

    private sealed class Known(ObjectKey created, string component, DateTimeOffset last)
    {
        public ObjectKey Event { get; } = created;

        public string Component { get; } = component;

        /// <summary>Repetitions not yet written: in the past nobody reads them one by one.</summary>
        public int Unwritten { get; set; }

        public DateTimeOffset Last { get; set; } = last;
    }
}

/// <summary>Lets the event recorder forget, every five minutes.</summary>
internal sealed class EventExpiry(ControllerContext context) : IController
{
    private static readonly TimeSpan _every = TimeSpan.FromMinutes(5);

    public void Begin() => context.Queue.Add(this, default, _every);

    public void GoLive()
    {
        context.Events.Expire();
        context.Events.Flush();
        context.Queue.Add(this, default, _every);
    }

    public void Observe(Change change)
    {
    }

    public void Reconcile(ObjectKey key)
    {
        context.Events.Expire();
        context.Queue.Add(this, default, context.Time.IsLive ? _every : TimeSpan.FromHours(1));
    }
}
