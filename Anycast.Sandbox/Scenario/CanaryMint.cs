using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Anycast.Sandbox.Scenario;

/// <summary>
/// Makes the canary values that stand where workload data stands in a real cluster, and remembers all of them: a value that is
/// found outside the cluster has leaked. The same seed, kind and place give the same value.
/// </summary>
internal sealed class CanaryMint(int seed)
{
    private readonly ConcurrentDictionary<string, byte> _planted = new(StringComparer.Ordinal);

    /// <summary>Every string planted so far, encoded forms included.</summary>
    public IReadOnlyCollection<string> Planted => [.. _planted.Keys];

    /// <summary>A value of the plain shape: <c>CANARY-env-3f9a…</c>.</summary>
    public string Mint(string kind, string place)
    {
        var value = $"CANARY-{kind}-{Hash(kind, place, 20)}";
        _planted.TryAdd(value, 0);
        return value;
    }

    /// <summary>A value that looks like what secret scanners look for; its shape depends on its place.</summary>
    public string Shaped(string place)
    {
        var hash = Hash("shape", place, 64);
        var value = (hash[0] % 6) switch
        {
            0 => "AKIA" + hash[..16].ToUpperInvariant(),
            1 => "sk_live_" + hash[..32],
            2 => "ghp_" + hash[..36],
            3 => $"postgres://app:{hash[..24]}@db.internal:5432/shop",
            4 => $"eyJhbGciOiJIUzI1NiJ9.{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{{\"sub\":\"{hash[..24]}\"}}")).TrimEnd('=')}.{hash[24..56]}",
            _ => $"xoxb-{hash[..12]}-{hash[12..36]}",
        };
        _planted.TryAdd(value, 0);
        return value;
    }

    /// <summary>Remembers another form of a planted value, such as its base64 in a Secret.</summary>
    public string Also(string value)
    {
        _planted.TryAdd(value, 0);
        return value;
    }

    private string Hash(string kind, string place, int length) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{kind}/{place}")))[..length];
}
