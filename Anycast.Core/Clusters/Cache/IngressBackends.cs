using System.Globalization;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>Which Ingresses name which Services, both ways. Not thread-safe.</summary>
internal sealed class IngressBackends
{
    private readonly Dictionary<string, Known> _byIngress = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byService = new(StringComparer.Ordinal);

    public Known? Find(string ingress) => _byIngress.GetValueOrDefault(ingress);

    /// <summary>Keys of the Ingresses that name a Service.</summary>
    public IReadOnlyCollection<string> Naming(string service) => _byService.TryGetValue(service, out var keys) ? keys : [];

    /// <summary>Takes in an Ingress as the agent gave it: healthy there means that a controller has given it an address.</summary>
    public Known Put(IngressRow row)
    {
        Remove(row.Key);
        var known = new Known(row.Health == Health.Healthy, [.. row.Backends.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(b => Backend.Of(row.Namespace, b))]);
        _byIngress[row.Key] = known;
        foreach (var backend in known.Backends)
        {
            if (!_byService.TryGetValue(backend.Service, out var keys))
            {
                _byService[backend.Service] = keys = new HashSet<string>(StringComparer.Ordinal);
            }

            keys.Add(row.Key);
        }

        return known;
    }

    public void Remove(string ingress)
    {
        if (!_byIngress.Remove(ingress, out var known))
        {
            return;
        }

        foreach (var backend in known.Backends)
        {
            if (_byService.TryGetValue(backend.Service, out var keys) && keys.Remove(ingress) && keys.Count == 0)
            {
                _byService.Remove(backend.Service);
            }
        }
    }

    public void KeepOnly(Func<string, bool> there)
    {
        foreach (var gone in _byIngress.Keys.Where(k => !there(k)).ToList())
        {
            Remove(gone);
        }
    }

    /// <param name="Served">A controller has given it an address.</param>
    /// <param name="Backends">What it names.</param>
    public sealed record Known(bool Served, IReadOnlyList<Backend> Backends);

    /// <param name="Service">Key of the Service.</param>
    /// <param name="Port">Its port by number; null when by name, or none.</param>
    public sealed record Backend(string Service, int? Port)
    {
        /// <summary>Ports that a row names at most (the agent's bound); beyond, nothing can be said.</summary>
        private const int PortsOfARow = 8;

        public static Backend Of(string ns, string text)
        {
            var parts = text.Split(':', 2);
            return new Backend(
                EndpointCounts.ServiceKey(ns, parts[0]),
                parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null);
        }

        /// <summary>False when the Service surely has no such port.</summary>
        public bool MayBeServedBy(ServiceRow service)
        {
            var ports = service.Ports.Split(',', StringSplitOptions.RemoveEmptyEntries);
            return Port is not { } wanted || ports.Length is 0 or >= PortsOfARow || service.Type == "ExternalName"
                || ports.Any(p => p.Split(':', '/')[0] == wanted.ToString(CultureInfo.InvariantCulture));
        }
    }
}
