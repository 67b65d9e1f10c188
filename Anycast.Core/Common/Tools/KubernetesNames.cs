using System.Text.RegularExpressions;

namespace Anycast.Core.Common.Tools;

/// <summary>Names as Kubernetes allows them; anything else never reaches a path (threat T6).</summary>
public static partial class KubernetesNames
{
    /// <summary>A namespace: RFC 1123 label.</summary>
    public static bool IsNamespace(string? value) => value is not null && Label().IsMatch(value);

    /// <summary>An object's name: RFC 1123 subdomain, and the colons that RBAC names may have.</summary>
    public static bool IsName(string? value) => value is not null && Subdomain().IsMatch(value);

    /// <summary>A kind: a CamelCase word.</summary>
    public static bool IsKind(string? value) => value is not null && Kind().IsMatch(value);

    /// <summary>A label selector of the equality and set kinds, bounded.</summary>
    public static bool IsLabelSelector(string? value) => value is not null && Selector().IsMatch(value);

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^[A-Z][A-Za-z0-9]{1,62}\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Kind();

    [GeneratedRegex(@"^[A-Za-z0-9._/=!, ()-]{1,500}\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Selector();
}
