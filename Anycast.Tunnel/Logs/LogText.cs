using System.Text.Json.Serialization;

namespace Anycast.Tunnel.Logs;

/// <summary>What a container logged, as it may leave the cluster. Only <see cref="LogRedactor"/> makes one.</summary>
public sealed record LogText
{
    [JsonConstructor]
    internal LogText(IReadOnlyList<string> lines, int withheld, bool cut)
    {
        Lines = lines;
        Withheld = withheld;
        Cut = cut;
    }

    /// <summary>The lines, the oldest first; a marker stands for one that is withheld.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>How many lines are withheld.</summary>
    public int Withheld { get; }

    /// <summary>There was more than the bounds let through.</summary>
    public bool Cut { get; }
}

/// <summary>Which log is asked for.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Its name.</param>
/// <param name="Container">One container; null for the pod's only one.</param>
/// <param name="Previous">The log of the container's run before.</param>
public sealed record LogQuery(string Namespace, string Pod, string? Container = null, bool Previous = false)
{
    /// <summary>Below <see cref="TunnelRoutes.Logs"/>.</summary>
    public string Target
    {
        get
        {
            var query = (Container is null ? "" : "&container=" + Uri.EscapeDataString(Container)) + (Previous ? "&previous=true" : "");
            return $"/{Uri.EscapeDataString(Namespace)}/{Uri.EscapeDataString(Pod)}{(query.Length == 0 ? "" : "?" + query[1..])}";
        }
    }
}
