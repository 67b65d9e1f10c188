using System.Net;
using System.Net.NetworkInformation;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Anycast.Web.Hosting;

/// <summary>
/// Where links in mails lead. Whoever sends a request writes its Host header as they like, and a link for a new password must not lead to a stranger's
/// host because a stranger asked for it. So it is the configured <c>Anycast:PublicUrl</c>; without one, the address of the request only where nobody
/// can make it theirs (this machine by its own name, its own addresses, or a host listed in <c>AllowedHosts</c>), else the address it listens on.
/// </summary>
public sealed class LinkRoot(IConfiguration configuration, IServer server)
{
    private readonly Uri? _configured = PublicAddress.PublicUrl(configuration);
    private readonly string[] _allowed = [.. (configuration["AllowedHosts"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(h => !h.Contains('*', StringComparison.Ordinal))];

    /// <summary>Whether the operator said where the service is reached.</summary>
    public bool IsConfigured => _configured is not null;

    /// <summary>The root for links that a request or page at <paramref name="asked"/> causes.</summary>
    public Uri For(Uri asked) => _configured ?? (IsOurs(asked) ? new Uri(asked.GetLeftPart(UriPartial.Authority)) : Own);

    /// <summary>What links lead to when a request cannot say it.</summary>
    public Uri Own => _configured ?? Listening.Select(a => new UriBuilder(a.Scheme, IsAny(a.Host) ? "localhost" : a.Host, a.Port).Uri).FirstOrDefault() ?? new Uri("http://localhost");

    private List<BindingAddress> Listening => [.. (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Select(BindingAddress.Parse)];

    private bool IsOurs(Uri asked)
    {
        if (_allowed.Contains(asked.IdnHost, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        var listening = Listening;
        return (listening.Count == 0 || listening.Any(a => a.Port == asked.Port))
            && (asked.IsLoopback || asked.IdnHost.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(asked.DnsSafeHost, out var ip) && IsOfThisMachine(ip)));
    }

    private static bool IsOfThisMachine(IPAddress ip) => NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Any(a => a.Address.Equals(ip));

    private static bool IsAny(string host) => host is "*" or "+" or "0.0.0.0" or "[::]";
}
