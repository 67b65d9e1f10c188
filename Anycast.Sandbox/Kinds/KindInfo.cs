namespace Anycast.Sandbox.Kinds;

/// <summary>One served resource: how it is named, where it is served, and which of the general rules apply to it.</summary>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Version">Served version.</param>
/// <param name="Kind">Kind, e.g. <c>Deployment</c>.</param>
/// <param name="Plural">Resource name in URLs.</param>
/// <param name="Namespaced">False for cluster-scoped kinds.</param>
/// <param name="ShortNames">Names kubectl accepts besides.</param>
public sealed record KindInfo(string Group, string Version, string Kind, string Plural, bool Namespaced, params string[] ShortNames)
{
    /// <summary>metadata.generation counts changes of everything outside metadata and status.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>The kind has a status subresource: ordinary writes leave <c>status</c> alone.</summary>
    public bool HasStatus { get; init; }

    /// <summary>The kind has a scale subresource over spec.replicas.</summary>
    public bool HasScale { get; init; }

    /// <summary>Categories such as <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Subresources besides <c>status</c> and <c>scale</c>, with the verbs discovery names.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    /// <summary>Another served form of the same stored objects (Events are stored once and served by two groups).</summary>
    public KindInfo? StoredAs { get; init; }

    /// <summary>True for a kind that a CustomResourceDefinition object brought in.</summary>
    public bool Custom { get; init; }

    /// <summary>The kind under which objects are kept.</summary>
    public KindInfo Storage => StoredAs ?? this;

    /// <summary><c>v1</c> or <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As error messages name it: <c>deployments.apps</c>, <c>pods</c>.</summary>
    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>The singular resource name.</summary>
    public string Singular => Kind.ToLowerInvariant();

    /// <summary>The beginning of every serialised object of this kind, up to where its own members follow.</summary>
    internal byte[] TypeHeader => _typeHeader ??= System.Text.Encoding.UTF8.GetBytes($"{{\"kind\":\"{Kind}\",\"apiVersion\":\"{ApiVersion}\",");

    private byte[]? _typeHeader;

    /// <inheritdoc/>
    public bool Equals(KindInfo? other) =>
        other is not null && Group == other.Group && Version == other.Version && Plural == other.Plural;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Group, Version, Plural);

    /// <inheritdoc/>
    public override string ToString() => $"{GroupResource}/{Version}";
}
