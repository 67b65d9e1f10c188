using Anycast.Core.Common;

namespace Anycast.Web.Shell.Palette;

/// <summary>The results of one source.</summary>
public sealed record PaletteGroup(string Name, IReadOnlyList<PaletteEntry> Entries);

/// <summary>What all sources found, and who did not answer in time.</summary>
public sealed record PaletteResult(IReadOnlyList<PaletteGroup> Groups, IReadOnlyList<string> Missing);

/// <summary>Asks every source at once. A slow or broken one is named and does not hold up the others.</summary>
public sealed class PaletteSearch(IEnumerable<IPaletteSource> sources, ILogger<PaletteSearch> log)
{
    /// <summary>Results shown of each source.</summary>
    public const int PerSource = 8;

    /// <summary>How long a source may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Searches; the groups stand in the order of registration.</summary>
    public async Task<PaletteResult> SearchAsync(Actor actor, string text, CancellationToken ct)
    {
        var answers = await Task.WhenAll(sources.Select(source => AskAsync(source, actor, text, ct)));
        ct.ThrowIfCancellationRequested();
        return new PaletteResult(
            [.. answers.Where(a => a.Entries is { Count: > 0 }).Select(a => new PaletteGroup(a.Group, a.Entries!))],
            [.. answers.Where(a => a.Entries is null).Select(a => a.Group)]);
    }

    private async Task<(string Group, IReadOnlyList<PaletteEntry>? Entries)> AskAsync(IPaletteSource source, Actor actor, string text, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            var found = await source.SearchAsync(actor, text, limit.Token).WaitAsync(limit.Token);
            return (source.Group, [.. found.Where(e => AppUrls.IsLocal(e.Href)).Take(PerSource)]);
        }
        catch (OperationCanceledException)
        {
            return (source.Group, null);
        }
        catch (Exception e)
        {
            log.LogError(e, "The palette's source {Source} failed", source.GetType().Name);
            return (source.Group, null);
        }
    }
}
