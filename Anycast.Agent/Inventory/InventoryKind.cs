namespace Anycast.Agent.Inventory;

/// <summary>A kind whose names are listed.</summary>
/// <param name="Kind">As Kubernetes calls it.</param>
/// <param name="Plural">Its name in paths, and the name of its list in each namespace.</param>
internal sealed record InventoryKind(string Kind, string Plural)
{
    public static readonly IReadOnlyList<InventoryKind> All = [new("Secret", "secrets"), new("ConfigMap", "configmaps")];

    public string Path => "/api/v1/" + Plural;
}
