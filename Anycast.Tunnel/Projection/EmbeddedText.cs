namespace Anycast.Tunnel.Projection;

/// <summary>Reads the specification files that are compiled into this assembly.</summary>
internal static class EmbeddedText
{
    public static string Read(string file)
    {
        using var stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream($"Anycast.Tunnel.Projection.{file}")
            ?? throw new InvalidOperationException($"The assembly lacks {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
