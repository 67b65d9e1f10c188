namespace Anycast.Web.Shell.Parts;

/// <summary>One filter of a list: the query parameter that holds it, its name, and what it is set to (null or empty: not set).</summary>
public sealed record FilterChip(string Parameter, string Label, string? Text);
