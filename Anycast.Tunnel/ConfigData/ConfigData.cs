using System.Text.Json.Serialization;

namespace Anycast.Tunnel.ConfigData;

/// <summary>A key of a ConfigMap with its value, line by line.</summary>
/// <param name="Key">The key, or a marker where a detector finds a secret in it.</param>
/// <param name="Lines">The value's lines; a marker stands for one that is withheld.</param>
public sealed record ConfigEntry(string Key, IReadOnlyList<string> Lines);

/// <summary>What a ConfigMap holds, as it may leave the cluster. Only <see cref="ConfigRedactor"/> makes one.</summary>
public sealed record ConfigText
{
    [JsonConstructor]
    internal ConfigText(IReadOnlyList<ConfigEntry> entries, int binary, int withheld, bool cut)
    {
        Entries = entries;
        Binary = binary;
        Withheld = withheld;
        Cut = cut;
    }

    /// <summary>Keys and values, by key.</summary>
    public IReadOnlyList<ConfigEntry> Entries { get; }

    /// <summary>How many binary values it has; they never leave.</summary>
    public int Binary { get; }

    /// <summary>How many keys and lines are withheld.</summary>
    public int Withheld { get; }

    /// <summary>There was more than the bounds let through.</summary>
    public bool Cut { get; }
}

/// <summary>Which ConfigMap is asked for.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
public sealed record ConfigQuery(string Namespace, string Name)
{
    /// <summary>Below <see cref="TunnelRoutes.ConfigData"/>.</summary>
    public string Target => $"/{Uri.EscapeDataString(Namespace)}/{Uri.EscapeDataString(Name)}";
}
