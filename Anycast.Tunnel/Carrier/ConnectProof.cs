using System.Security.Cryptography;
using System.Text;

namespace Anycast.Tunnel.Carrier;

/// <summary>What the agent signs to prove its key, and how the service checks it.</summary>
public static class ConnectProof
{
    /// <summary>
    /// The signed bytes: a fixed first line so that the key signs nothing else by accident, then nonce, cluster UID, SHA-256 of the public key
    /// and of the enrolment token ("-" without one). No host name: the same agent may reach the service under several.
    /// </summary>
    public static byte[] Payload(string nonce, AgentHello hello)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(hello.PublicKey)));
        var token = hello.Token is null ? "-" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hello.Token)));
        return Encoding.UTF8.GetBytes($"anycast-agent-v1\n{nonce}\n{hello.ClusterUid}\n{key}\n{token}\n{hello.AgentId ?? "-"}");
    }

    public static string Sign(ECDsa key, string nonce, AgentHello hello) =>
        Convert.ToBase64String(key.SignData(Payload(nonce, hello), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));

    /// <summary>True when the signature was made by the key in the hello, and that key is an ECDSA key on P-256.</summary>
    public static bool Verify(string nonce, AgentHello hello, string signature)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(hello.PublicKey), out var read);
            return key.KeySize == 256
                && read == Convert.FromBase64String(hello.PublicKey).Length
                && key.VerifyData(Payload(nonce, hello), Convert.FromBase64String(signature), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return false;
        }
    }
}
