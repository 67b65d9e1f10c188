using System.Text;
using System.Xml.Linq;

namespace Anycast.Core.Common.Sealing;

/// <summary>How a key of ASP.NET's ring is wrapped: <c>&lt;sealed key="id"&gt;base64&lt;/sealed&gt;</c> within its XML.</summary>
public static class WrappedXml
{
    private const string Wrapping = "data-protection";
    private const string Place = "DataProtectionKeys";
    private const string Element = "sealed";
    private const string KeyAttribute = "key";

    /// <summary>Wraps with the current master key.</summary>
    public static XElement Wrap(MasterKeys masters, XElement plain)
    {
        var wrapped = masters.Wrap(Wrapping, Encoding.UTF8.GetBytes(plain.ToString(SaveOptions.DisableFormatting)), Place);
        return new XElement(Element, new XAttribute(KeyAttribute, wrapped.KeyId), Convert.ToBase64String(wrapped.Bytes));
    }

    /// <summary>Unwraps.</summary>
    /// <exception cref="UnknownMasterKeyException">The master key that wrapped it is not configured.</exception>
    public static XElement Unwrap(MasterKeys masters, XElement wrapped) =>
        XElement.Parse(Encoding.UTF8.GetString(masters.Unwrap(Wrapping, KeyOf(wrapped), Convert.FromBase64String(wrapped.Value), Place)));

    /// <summary>The same XML with everything in it wrapped by <paramref name="target"/>; null when it is already, or holds nothing wrapped.</summary>
    internal static string? Rewrap(MasterKeys masters, string xml, MasterKey target)
    {
        var root = XElement.Parse(xml);
        var others = root.Descendants(Element).Where(e => KeyOf(e) != target.Id).ToList();
        foreach (var element in others)
        {
            var wrapped = masters.Rewrap(Wrapping, KeyOf(element), Convert.FromBase64String(element.Value), Place, target);
            element.SetAttributeValue(KeyAttribute, wrapped.KeyId);
            element.Value = Convert.ToBase64String(wrapped.Bytes);
        }

        return others.Count == 0 ? null : root.ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>The id of the master key that wrapped what is in the XML: false when nothing is wrapped, true with null when it is older than ids.</summary>
    internal static bool TryGetKey(string xml, out string? keyId)
    {
        var element = XElement.Parse(xml).Descendants(Element).FirstOrDefault();
        keyId = element is null ? null : KeyOf(element);
        return element is not null;
    }

    internal static bool IsWithoutId(string xml) => TryGetKey(xml, out var keyId) && keyId is null;

    /// <summary>Whether the configured keys open it.</summary>
    internal static bool IsReadable(MasterKeys masters, string xml) =>
        !TryGetKey(xml, out var keyId) || (keyId is null ? WrapperOf(masters, xml) is not null : masters.Has(keyId));

    /// <summary>Which of the configured keys wrapped XML that is older than ids.</summary>
    internal static MasterKey? WrapperOf(MasterKeys masters, string xml) =>
        XElement.Parse(xml).Descendants(Element).FirstOrDefault() is { } element ? masters.WrapperOf(Wrapping, Convert.FromBase64String(element.Value), Place) : null;

    private static string? KeyOf(XElement element) => (string?)element.Attribute(KeyAttribute);
}
