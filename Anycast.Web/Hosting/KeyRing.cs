using System.Xml.Linq;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Hosting;

/// <summary>ASP.NET's own keys (antiforgery, circuits) live in the database for all replicas, wrapped by the master key, which does not (T10).</summary>
public static class KeyRing
{
    public static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("anycast").PersistKeysToDbContext<AppDbContext>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(o => o.XmlEncryptor = new Encryptor(provider.GetRequiredService<MasterKeys>(), provider.GetRequiredService<MasterKeyUsage>())));
        return services;
    }

    private sealed class Encryptor(MasterKeys masters, MasterKeyUsage usage) : IXmlEncryptor
    {
        public EncryptedXmlInfo Encrypt(XElement plaintextElement)
        {
            // The framework makes a new key when it can read none, which would sign everybody out although the old ones only wait for their master key.
            return usage.IsRingReadable()
                ? new EncryptedXmlInfo(WrappedXml.Wrap(masters, plaintextElement), typeof(Decryptor))
                : throw new InvalidOperationException("No key is added to the ring while one in it cannot be read: a master key is missing.");
        }
    }

    internal sealed class Decryptor(IServiceProvider services) : IXmlDecryptor
    {
        public XElement Decrypt(XElement encryptedElement) => WrappedXml.Unwrap(services.GetRequiredService<MasterKeys>(), encryptedElement);
    }
}
