using System.Text;
using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Rows;

/// <summary>The cells of one line, read in order.</summary>
internal ref struct RowCells
{
    private readonly StringPool pool;
    private Utf8JsonReader reader;

    public RowCells(ReadOnlySpan<byte> line, StringPool pool)
    {
        this.pool = pool;
        reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 2 });
    }

    /// <summary>How many cells did not fit their type.</summary>
    public int Misfits { get; private set; }

    public RowChangeType Type()
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            throw new ProjectionException("InvalidRow");
        }

        return (RowChangeType)Int();
    }

    /// <summary>A text of its own: names, uids.</summary>
    public string Text(LeafType leaf)
    {
        var cell = Cell();
        return Fits(leaf, cell) ? Encoding.UTF8.GetString(cell) : Withheld(cell);
    }

    /// <summary>A text that repeats over rows.</summary>
    public string Shared(LeafType leaf)
    {
        var cell = Cell();
        return Fits(leaf, cell) ? pool.Get(cell) : Withheld(cell);
    }

    /// <summary>Texts joined by commas, each of its type.</summary>
    public string List(LeafType leaf)
    {
        var cell = Cell();
        if (cell.Length > 2048)
        {
            return Withheld(cell);
        }

        foreach (var range in cell.Split((byte)','))
        {
            if (!Fits(leaf, cell[range]))
            {
                return Withheld(cell);
            }
        }

        return pool.Get(cell);
    }

    /// <summary>An event's message: only through the templates.</summary>
    public string Message(string reason)
    {
        var cell = Cell();
        if (cell.IsEmpty || Marker.IsString(cell))
        {
            return pool.Get(cell);
        }

        var rendered = cell.Length <= 4096 ? MessageTemplates.Current.RenderEvent(reason, Encoding.UTF8.GetString(cell)) : null;
        return rendered ?? Withheld(cell);
    }

    public long Long()
    {
        if (reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
        {
            return number;
        }

        throw new ProjectionException("InvalidRow");
    }

    public int Int() => (int)Math.Clamp(Long(), int.MinValue, int.MaxValue);

    public Health Health() => Int() is var health and >= 0 and <= (int)Rows.Health.Failing ? (Health)health : Rows.Health.Unknown;

    private ReadOnlySpan<byte> Cell()
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            throw new ProjectionException("InvalidRow");
        }

        return reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan;
    }

    private static bool Fits(LeafType leaf, ReadOnlySpan<byte> cell) =>
        Marker.IsString(cell)
        || (LeafGrammar.Fits(leaf, cell) && !(LeafGrammar.NeedsDetectors(leaf) && (leaf == LeafType.Image ? Detectors.HitImage(cell) : Detectors.Hit(cell))));

    private string Withheld(ReadOnlySpan<byte> cell)
    {
        Misfits++;
        return Marker.ForString(Encoding.UTF8.GetCharCount(cell));
    }
}
