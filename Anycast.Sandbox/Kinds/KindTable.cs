using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kinds;

/// <summary>All resources a sandbox serves: the built-in ones and those that CustomResourceDefinitions add while it runs.</summary>
public sealed class KindTable
{
    private ImmutableArray<KindInfo> _custom = [];

    /// <summary>Every served resource, built-in first.</summary>
    public IEnumerable<KindInfo> All => BuiltIn.All.Concat(_custom);

    /// <summary>Finds a resource by its place in a URL.</summary>
    public KindInfo? ByResource(string group, string version, string plural) =>
        All.FirstOrDefault(k => k.Plural == plural && k.Group == group && k.Version == version);

    /// <summary>Finds a kind by apiVersion and kind, as they stand in an object.</summary>
    public KindInfo? ByType(string apiVersion, string kind) =>
        All.FirstOrDefault(k => k.Kind == kind && k.ApiVersion == apiVersion);

    /// <summary>Finds a kind by kind name alone, or by plural; core and older groups win.</summary>
    public KindInfo? ByName(string kindOrPlural) =>
        All.FirstOrDefault(k => string.Equals(k.Kind, kindOrPlural, StringComparison.OrdinalIgnoreCase) || k.Plural == kindOrPlural);

    /// <summary>Adds or replaces the resources that a CustomResourceDefinition defines.</summary>
    internal void Register(JsonObject definition)
    {
        Unregister(definition);
        var spec = definition.Obj("spec");
        var names = spec.Obj("names");
        var added = spec.Items("versions")
            .Where(v => v.Bool("served"))
            .Select(v => new KindInfo(
                spec.Str("group"), v.Str("name"), names.Str("kind"), names.Str("plural"), spec.Str("scope") == "Namespaced",
                [.. names.Strings("shortNames")])
            {
                Custom = true,
                HasGeneration = true,
                HasStatus = v.At("subresources", "status") is not null,
            })
            .ToList();

        // All versions share the objects of the first, so that a write in one is read in the other.
        _custom = _custom.AddRange(added.Select((k, i) => i == 0 ? k : k with { StoredAs = added[0] }));
    }

    /// <summary>Takes away what a CustomResourceDefinition had added.</summary>
    internal void Unregister(JsonObject definition)
    {
        var group = definition.Str("spec", "group");
        var plural = definition.Str("spec", "names", "plural");
        _custom = _custom.RemoveAll(k => k.Group == group && k.Plural == plural);
    }
}
