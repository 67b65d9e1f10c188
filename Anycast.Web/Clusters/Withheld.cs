namespace Anycast.Web.Clusters;

/// <summary>Reads the marker that stands for a text which never left the cluster.</summary>
public static class Withheld
{
    private const string Start = "«withheld:";

    /// <summary>Length of the withheld text when <paramref name="value"/> is exactly a marker, else null.</summary>
    public static string? Length(string? value) => value is not null && value.StartsWith(Start, StringComparison.Ordinal) && value.EndsWith('»') ? value[Start.Length..^1] : null;
}
