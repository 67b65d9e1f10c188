using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>
/// How Services and Ingresses are doing, which their own objects do not say: a Service by the endpoints of its slices, an Ingress by the Services it
/// names. Kept up as rows change, each change touching only what it concerns; a complete list is gone through once. Used under the cache's lock.
/// </summary>
internal sealed class NetworkHealth(IReadOnlyDictionary<string, RowTable> tables)
{
    private static readonly string[] s_service = ["Service"];
    private static readonly string[] s_both = ["Service", "Ingress"];
    private readonly EndpointCounts _endpoints = new();
    private readonly IngressBackends _backends = new();
    private bool _slicesKnown;
    private bool _servicesKnown;

    /// <summary>A row as its table should hold it.</summary>
    public RowChange Judged(RowChange change) => change switch
    {
        { Type: RowChangeType.Upsert, Row: ServiceRow service } => change with { Row = Judge(service) },
        { Type: RowChangeType.Upsert, Row: IngressRow ingress } => change with { Row = Judge(ingress, _backends.Put(ingress)) },
        _ => change,
    };

    /// <summary>After a table took a change: brings what depends on it up to date.</summary>
    /// <returns>Kinds of which other rows changed thereby.</returns>
    public IReadOnlyList<string> Follow(string kind, RowChange change) => kind switch
    {
        "EndpointSlice" => Slices(change),
        "Service" => Services(change),
        "Ingress" => Ingresses(change),
        "Deployment" or "StatefulSet" or "DaemonSet" => Workload(change),
        _ => [],
    };

    private IReadOnlyList<string> Slices(RowChange change)
    {
        switch (change)
        {
            // Beyond what is kept of the kind nothing is counted either.
            case { Type: RowChangeType.Upsert, Row: EndpointSliceRow row } when tables["EndpointSlice"].Find(row.Key) is not null:
                return Again(_endpoints.Put(row));
            case { Type: RowChangeType.Delete, Key: { } key } when _endpoints.Remove(key) is { } service:
                return Again([service]);
            case { Type: RowChangeType.Synced }:
                _slicesKnown = true;
                _endpoints.Clear();
                foreach (var row in tables["EndpointSlice"].Rows.OfType<EndpointSliceRow>())
                {
                    _endpoints.Put(row);
                }

                return AllServices();
            case { Type: RowChangeType.Error }:
                _slicesKnown = false;
                return AllServices();
            default:
                return [];
        }
    }

    private IReadOnlyList<string> Services(RowChange change)
    {
        switch (change)
        {
            case { Type: RowChangeType.Upsert, Row: { } row }:
                return AgainIngresses(row.Key) ? ["Ingress"] : [];
            case { Type: RowChangeType.Delete, Key: { } key }:
                return AgainIngresses(key) ? ["Ingress"] : [];
            case { Type: RowChangeType.Synced or RowChangeType.Error }:
                _servicesKnown = change.Type == RowChangeType.Synced;
                return AllIngresses() ? ["Ingress"] : [];
            default:
                return [];
        }
    }

    private IReadOnlyList<string> Ingresses(RowChange change)
    {
        if (change is { Type: RowChangeType.Delete, Key: { } key })
        {
            _backends.Remove(key);
        }
        else if (change is { Type: RowChangeType.Upsert, Row: { } row } && tables["Ingress"].Find(row.Key) is null)
        {
            _backends.Remove(row.Key); // Beyond what is kept of the kind.
        }
        else if (change.Type == RowChangeType.Synced)
        {
            _backends.KeepOnly(k => tables["Ingress"].Find(k) is not null);
        }

        return [];
    }

    /// <summary>A Service that leads nowhere is judged by the workload of its name.</summary>
    private IReadOnlyList<string> Workload(RowChange change)
    {
        var parts = (change.Row?.Key ?? change.Key)?.Split('/');
        return parts is [_, var ns, var name] && _endpoints.Find(EndpointCounts.ServiceKey(ns, name)) is { Ready: 0 } ? Again([EndpointCounts.ServiceKey(ns, name)]) : [];
    }

    private IReadOnlyList<string> Again(IEnumerable<string> services)
    {
        bool changed = false, ingresses = false;
        foreach (var key in services)
        {
            if (tables["Service"].Find(key) is ServiceRow row && tables["Service"].Replace(Judge(row)))
            {
                changed = true;
                ingresses |= AgainIngresses(key);
            }
        }

        return ingresses ? s_both : changed ? s_service : [];
    }

    private IReadOnlyList<string> AllServices() => Again([.. tables["Service"].Rows.Select(r => r.Key)]);

    private bool AllIngresses() => AgainIngresses([.. tables["Ingress"].Rows.Select(r => r.Key)]);

    private bool AgainIngresses(string service) => _backends.Naming(service) is { Count: > 0 } named && AgainIngresses([.. named]);

    private bool AgainIngresses(IReadOnlyList<string> keys)
    {
        var changed = false;
        foreach (var key in keys)
        {
            changed |= tables["Ingress"].Find(key) is IngressRow row && _backends.Find(key) is { } known && tables["Ingress"].Replace(Judge(row, known));
        }

        return changed;
    }

    private ServiceRow Judge(ServiceRow row)
    {
        // What the agent says of a Service that goes, or waits for its address, stays said.
        var (word, at) = row.Status is "Terminating" or "Pending" ? (row.Status, Health.Progressing) : ("", Health.Unknown);
        if (word == "Terminating" || row.Type == "ExternalName" || !_slicesKnown || _endpoints.Find(row.Key) is not { } sum)
        {
            // Without slices somebody else sees to its endpoints, or it is a moment old.
            return Say(row, at, word);
        }

        if (sum.Ready > 0)
        {
            return Say(row, word.Length > 0 ? at : Health.Healthy, word);
        }

        if (tables["EndpointSlice"].CutOff)
        {
            return Say(row, at, word);
        }

        var workload = WorkloadOf(row);
        var (health, why) = workload is { Desired: 0 } ? (Health.Warning, NetworkWords.ScaledToZero)
            : (workload is { Health: Health.Progressing } ? Health.Progressing : Health.Failing, sum.Endpoints == 0 ? NetworkWords.NoEndpoints : NetworkWords.NoneReady);
        return Say(row, health, word.Length > 0 ? word : why);
    }

    /// <summary>Most Services bear the name of what they lead to; its labels are not kept.</summary>
    private WorkloadRow? WorkloadOf(ServiceRow row) =>
        ClusterKinds.Workloads.Select(kind => tables[kind].Find($"{kind}/{row.Namespace}/{row.Name}")).OfType<WorkloadRow>().FirstOrDefault();

    private IngressRow Judge(IngressRow row, IngressBackends.Known known)
    {
        if (row.Status == "Terminating" || !_servicesKnown)
        {
            return Say(row, row.Status == "Terminating" ? Health.Progressing : Health.Unknown, row.Status == "Terminating" ? row.Status : "");
        }

        var failing = 0;
        foreach (var backend in known.Backends)
        {
            if (tables["Service"].Find(backend.Service) is not ServiceRow service)
            {
                if (!tables["Service"].CutOff && !Marker.IsIn(backend.Service))
                {
                    return Say(row, Health.Failing, NetworkWords.BackendMissing);
                }
            }
            else if (!backend.MayBeServedBy(service))
            {
                return Say(row, Health.Failing, NetworkWords.PortMissing);
            }
            else if (service.Health is Health.Failing or Health.Warning)
            {
                failing++;
            }
        }

        // Without an address no controller has taken it up yet, and then nothing can be said for it.
        return failing == 0 ? Say(row, known.Served ? Health.Healthy : Health.Unknown, "")
            : Say(row, failing == known.Backends.Count ? Health.Failing : Health.Warning, NetworkWords.BackendNotReady);
    }

    private static T Say<T>(T row, Health health, string status)
        where T : ResourceRow => row.Health == health && row.Status == status ? row : (T)(row with { Health = health, Status = status });
}
