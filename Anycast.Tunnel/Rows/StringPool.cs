using System.Text;

namespace Anycast.Tunnel.Rows;

/// <summary>Shares equal short strings: namespaces, nodes, images and status words repeat over thousands of rows. Bounded; one per stream.</summary>
internal sealed class StringPool
{
    private const int Capacity = 16384;
    private const int MaxLength = 200;
    private readonly Dictionary<int, string> shared = [];

    public string Get(ReadOnlySpan<byte> ascii)
    {
        if (ascii.IsEmpty)
        {
            return "";
        }

        if (ascii.Length > MaxLength)
        {
            return Encoding.UTF8.GetString(ascii);
        }

        var hash = new HashCode();
        hash.AddBytes(ascii);
        var key = hash.ToHashCode();
        if (shared.TryGetValue(key, out var known) && Ascii.Equals(ascii, known))
        {
            return known;
        }

        var text = Encoding.UTF8.GetString(ascii);
        if (shared.Count < Capacity)
        {
            shared[key] = text;
        }

        return text;
    }
}
