using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Anycast.Agent.Connection;

/// <summary>TLS settings with own authorities. There is no way to switch the check of certificates off.</summary>
internal static class Trust
{
    public static SslClientAuthenticationOptions Options(X509Certificate2Collection? authorities, X509Certificate2? clientCertificate = null, string? serverName = null)
    {
        var options = new SslClientAuthenticationOptions();
        if (serverName is not null)
        {
            options.TargetHost = serverName;
        }

        if (authorities is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            options.CertificateChainPolicy = policy;
        }

        if (clientCertificate is not null)
        {
            options.ClientCertificates = [clientCertificate];
        }

        return options;
    }
}
