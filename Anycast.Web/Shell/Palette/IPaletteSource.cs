using Anycast.Core.Common;

namespace Anycast.Web.Shell.Palette;

/// <summary>One thing to go to.</summary>
/// <param name="Title">Its name.</param>
/// <param name="Detail">Where it is or what it is, in a few words.</param>
/// <param name="Icon">A name of the icon sprite.</param>
/// <param name="Href">A local address.</param>
public sealed record PaletteEntry(string Title, string? Detail, string Icon, string Href);

/// <summary>Something that <c>Ctrl+K</c> searches. Features register theirs with <c>AddScoped&lt;IPaletteSource, …&gt;</c>.</summary>
public interface IPaletteSource
{
    /// <summary>The heading over its results, in the page's language.</summary>
    string Group { get; }

    /// <summary>The best matches, best first; only what the actor may see. An empty text asks for what is most likely wanted.</summary>
    Task<IReadOnlyList<PaletteEntry>> SearchAsync(Actor actor, string text, CancellationToken ct);
}
