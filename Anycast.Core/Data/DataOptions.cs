namespace Anycast.Core.Data;

/// <summary>Which database. Section <c>Anycast:Data</c>.</summary>
public sealed class DataOptions
{
    public const string Section = "Anycast:Data";

    /// <summary>Directory of the SQLite file, key file and mail pick-up folder; relative to the content root.</summary>
    public string Directory { get; set; } = "data";

    /// <summary>A PostgreSQL connection string; empty means SQLite.</summary>
    public string? Postgres { get; set; }

    public bool UsesPostgres => !string.IsNullOrWhiteSpace(Postgres);
}
