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
    private const string Place = "DataProtectionKeys";

    public static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("anycast").PersistKeysToDbContext<AppDbContext>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(o => o.XmlEncryptor = new Encryptor(provider.GetRequiredService<MasterKey>())));
        return services;
    }

    private sealed class Encryptor(MasterKey master) : IXmlEncryptor
    {
        public EncryptedXmlInfo Encrypt(XElement plaintextElement)
        {
            var plain = System.Text.Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
            var value = Convert.ToBase64String(SealedBytes.Seal(master.Derive("data-protection"), plain, Place));
            return new EncryptedXmlInfo(new XElement("sealed", value), typeof(Decryptor));
        }
    }

    internal sealed class Decryptor(IServiceProvider services) : IXmlDecryptor
    {
        public XElement Decrypt(XElement encryptedElement)
        {
            var key = services.GetRequiredService<MasterKey>().Derive("data-protection");
            return XElement.Parse(System.Text.Encoding.UTF8.GetString(SealedBytes.Open(key, Convert.FromBase64String(encryptedElement.Value), Place)));
        }
    }
}
