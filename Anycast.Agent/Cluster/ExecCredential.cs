using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Cluster;

/// <summary>A credential that a program gave, and until when it holds.</summary>
internal sealed record ExecCredential(string Token, DateTimeOffset? ExpiresAt)
{
    /// <summary>What the program is told (<c>KUBERNETES_EXEC_INFO</c>).</summary>
    public static byte[] Request(ExecPlugin plugin, Kubeconfig config)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("apiVersion", plugin.ApiVersion);
        json.WriteString("kind", "ExecCredential");
        json.WriteStartObject("spec");
        json.WriteBoolean("interactive", false);
        if (plugin.ProvidesCluster)
        {
            json.WriteStartObject("cluster");
            json.WriteString("server", config.Server.ToString());
            if (config.TlsServerName is { } name)
            {
                json.WriteString("tls-server-name", name);
            }

            if (config.CertificateAuthority is { } authority)
            {
                json.WriteBase64String("certificate-authority-data", System.Text.Encoding.UTF8.GetBytes(authority));
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what the program printed.</summary>
    /// <exception cref="ApiUnavailableException">It is no credential; the message says why and holds nothing of it.</exception>
    public static ExecCredential Read(ExecPlugin plugin, byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.At("kind").Text() != "ExecCredential" || root.At("apiVersion").Text() != plugin.ApiVersion)
            {
                throw new ApiUnavailableException($"The program that signs in printed no ExecCredential of {plugin.ApiVersion}.");
            }

            var status = root.At("status");
            var token = status.At("token").Text();
            if (token.Length == 0 || token.Any(char.IsWhiteSpace) || token.Any(char.IsControl))
            {
                throw new ApiUnavailableException("The program that signs in gave no token. Client certificates from a program are not supported.");
            }

            var timed = DateTimeOffset.TryParse(status.At("expirationTimestamp").Text(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var expiresAt);
            return new ExecCredential(token, timed ? expiresAt : null);
        }
        catch (JsonException e)
        {
            throw new ApiUnavailableException("The program that signs in printed something that is no JSON.", e);
        }
    }
}
