using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>Endpoints of each Service, summed over its slices and kept up with every change of one. Not thread-safe.</summary>
internal sealed class EndpointCounts
{
    private readonly Dictionary<string, Slice> _slices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Sum> _services = new(StringComparer.Ordinal);

    /// <summary>What is known of a Service; null when it has no slice.</summary>
    public Sum? Find(string service) => _services.TryGetValue(service, out var sum) ? sum : null;

    /// <summary>Takes a slice in; gives the keys of the Services it concerns, of which there may be two when it changed hands.</summary>
    public IEnumerable<string> Put(EndpointSliceRow row)
    {
        var before = Remove(row.Key);
        if (row.OwnerName.Length == 0)
        {
            return before is null ? [] : [before];
        }

        var service = ServiceKey(row.Namespace, row.OwnerName);
        _slices[row.Key] = new Slice(service, row.Ready, row.Endpoints);
        var sum = _services.GetValueOrDefault(service);
        _services[service] = new Sum(sum.Slices + 1, sum.Ready + row.Ready, sum.Endpoints + row.Endpoints);
        return before is null || before == service ? [service] : [before, service];
    }

    /// <summary>Takes a slice out; gives the key of its Service.</summary>
    public string? Remove(string key)
    {
        if (!_slices.Remove(key, out var slice))
        {
            return null;
        }

        var sum = _services[slice.Service];
        if (sum.Slices == 1)
        {
            _services.Remove(slice.Service);
        }
        else
        {
            _services[slice.Service] = new Sum(sum.Slices - 1, sum.Ready - slice.Ready, sum.Endpoints - slice.Endpoints);
        }

        return slice.Service;
    }

    public void Clear()
    {
        _slices.Clear();
        _services.Clear();
    }

    public static string ServiceKey(string ns, string name) => $"Service/{ns}/{name}";

    public readonly record struct Sum(int Slices, int Ready, int Endpoints);

    private readonly record struct Slice(string Service, int Ready, int Endpoints);
}
