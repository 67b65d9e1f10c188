using System.Globalization;
using Anycast.Tunnel.Rows;

namespace Anycast.Web.Clusters;

/// <summary>How a cell is drawn.</summary>
public enum CellKind
{
    Text = 0,

    /// <summary>A name of Kubernetes, in monospace.</summary>
    Mono = 1,

    /// <summary>A number.</summary>
    Number = 2,

    /// <summary>Health with a word.</summary>
    Status = 3,

    /// <summary>An instant (UTC ticks), as the time since.</summary>
    Since = 4,

    /// <summary>The row's own name: a link to its page.</summary>
    Name = 5,

    /// <summary>Another object: a link to its page.</summary>
    Object = 6,
}

/// <summary>What a cell holds. Plain values: rows are drawn without a component per cell (performance M5).</summary>
public readonly record struct RowCell(CellKind Kind, string Text, long Ticks = 0, Health Health = default, string ObjectKind = "", string ObjectNamespace = "")
{
    public static RowCell OfText(string text) => new(CellKind.Text, text);

    public static RowCell OfMono(string text) => new(CellKind.Mono, text);

    public static RowCell OfNumber(long number) => new(CellKind.Number, number.ToString(CultureInfo.CurrentCulture));

    public static RowCell OfSince(long ticks) => new(CellKind.Since, "", ticks);

    public static RowCell OfStatus(ResourceRow row) => new(CellKind.Status, row.Status, Health: row.Health);

    public static RowCell OfName(ResourceRow row) => new(CellKind.Name, row.Name);

    public static RowCell OfObject(string kind, string ns, string name) => new(CellKind.Object, name, ObjectKind: kind, ObjectNamespace: ns);
}

/// <summary>One column of a list.</summary>
/// <param name="Key">Its title's key in <c>ClusterText</c> (<c>Column.…</c>).</param>
/// <param name="Sort">What it sorts by (<see cref="Anycast.Core.Clusters.Cache.RowSort"/>), null when it does not.</param>
/// <param name="Cell">Its cell of a row.</param>
public sealed record RowColumn(string Key, string? Sort, Func<ResourceRow, RowCell> Cell);
