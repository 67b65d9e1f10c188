using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Anycast.Sandbox.Serving;

/// <summary>A certificate authority of the sandbox's own and the server certificate it signs.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    private Certificates(X509Certificate2 authority, X509Certificate2 server)
    {
        _authority = authority;
        Server = server;
    }

    public X509Certificate2 Server { get; }

    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>Makes both, or signs with the authority kept in <paramref name="directory"/> (made there when absent).</summary>
    public static Certificates Create(DateTimeOffset now, string? directory)
    {
        var authority = directory is null ? MakeAuthority(now) : LoadOrMake(now, directory);
        return new Certificates(authority, Sign(authority, now));
    }

    public void Dispose()
    {
        _authority.Dispose();
        Server.Dispose();
    }

    private static X509Certificate2 LoadOrMake(DateTimeOffset now, string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "ca.pfx");
        if (File.Exists(path))
        {
            var kept = X509CertificateLoader.LoadPkcs12FromFile(path, null, X509KeyStorageFlags.Exportable);
            if (kept.NotAfter.ToUniversalTime() > now.UtcDateTime.AddDays(30))
            {
                return kept;
            }

            kept.Dispose();
        }

        var made = MakeAuthority(now);
        PrivateFile.Write(path, made.Export(X509ContentType.Pfx));
        return made;
    }

    private static X509Certificate2 MakeAuthority(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=anycast-sandbox-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(2));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static X509Certificate2 Sign(X509Certificate2 authority, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=anycast-sandbox", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName("kubernetes.default.svc");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        using var signed = request.Create(authority, now.AddDays(-1), now.AddYears(1), RandomNumberGenerator.GetBytes(16));
        using var withKey = signed.CopyWithPrivateKey(key);

        // A round through PKCS#12 gives a key that TLS can use on every platform.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }
}
