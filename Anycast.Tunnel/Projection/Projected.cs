namespace Anycast.Tunnel.Projection;

/// <summary>What a projection took away.</summary>
/// <param name="Withheld">Values replaced by a marker, or absent because they did not fit.</param>
/// <param name="Dropped">Fields that the allow-list does not name.</param>
public readonly record struct ProjectionCounts(int Withheld, int Dropped)
{
    /// <summary>Everything that the projection changed. Zero for what was projected before by the same specification.</summary>
    public int Total => Withheld + Dropped;

    public static ProjectionCounts operator +(ProjectionCounts left, ProjectionCounts right) => left.Add(right);

    public ProjectionCounts Add(ProjectionCounts other) => new(Withheld + other.Withheld, Dropped + other.Dropped);
}

/// <summary>
/// One object after projection. Only the projector makes one, and the writers to the tunnel take nothing else:
/// that is how the compiler keeps a raw byte of a Kubernetes answer inside the cluster.
/// </summary>
public sealed class Projected
{
    private readonly byte[] json;

    internal Projected(byte[] json, ProjectionCounts counts)
    {
        this.json = json;
        Counts = counts;
    }

    /// <summary>The object as JSON, valid for its Kubernetes schema.</summary>
    public ReadOnlyMemory<byte> Json => json;

    /// <summary>What was taken away.</summary>
    public ProjectionCounts Counts { get; }
}

/// <summary>An answer that can't be projected: invalid JSON, duplicate names, too deep, too large, or of another kind than asked for. Nothing of it passes.</summary>
public sealed class ProjectionException : Exception
{
    public ProjectionException(string code)
        : base(code) => Code = code;

    public ProjectionException(string code, Exception inner)
        : base(code, inner) => Code = code;

    public ProjectionException()
        : this("Invalid")
    {
    }

    /// <summary><c>InvalidJson</c>, <c>DuplicateName</c>, <c>WrongKind</c> or <c>TooLarge</c>; never a part of the answer.</summary>
    public string Code { get; }
}
