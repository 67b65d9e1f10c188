using System.Security.Cryptography;
using System.Text.Json;
using Anycast.Tunnel.Operations;

namespace Anycast.Core.Proposals;

/// <summary>
/// Binds an approval to one exact change (T3): SHA-256 over canonical JSON, whose fields stand in one order and whose leaves are ordered by path.
/// </summary>
internal static class ProposalDigest
{
    /// <summary>Version of the form itself.</summary>
    private const int Form = 1;

    public static string Of(Proposal p)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("form", Form);
            json.WriteString("tool", p.Tool);
            json.WriteNumber("toolVersion", p.ToolVersion);
            json.WriteString("operation", p.Operation);
            json.WriteString("arguments", p.Arguments);
            json.WriteString("prior", p.PriorValues);
            json.WriteString("diff", p.Diff);
            json.WriteString("team", p.TeamId);
            json.WriteString("cluster", p.ClusterId);
            json.WriteString("group", p.TargetGroup);
            json.WriteString("kind", p.TargetKind);
            json.WriteString("namespace", p.TargetNamespace);
            json.WriteString("name", p.TargetName);
            json.WriteString("uid", p.TargetUid);
            json.WriteString("generation", p.TargetGeneration?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "");
            json.WriteString("proposer", p.ProposerId);
            json.WriteNumber("policy", p.PolicyVersion);
            json.WriteNumber("risk", (int)p.Risk);
            json.WriteString("nonce", p.Nonce);
            json.WriteNumber("expires", p.ExpiresAt.UtcTicks);
            json.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    /// <summary>True when the row says what its digest says.</summary>
    public static bool Holds(Proposal p) =>
        CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(Of(p)), System.Text.Encoding.ASCII.GetBytes(p.Digest));

    /// <summary>Leaves in the one order in which they are kept, shown, hashed and sent.</summary>
    public static LeafChange[] Canonical(IEnumerable<LeafChange> leaves) => [.. leaves.OrderBy(l => l.Path, StringComparer.Ordinal)];
}
