using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Serving;

/// <summary>Rows that are judged again when their grace has passed, since no event of the API server marks that moment. Bounded.</summary>
internal sealed class AgingRows
{
    private const int Most = 5000;
    private static readonly TimeSpan After = TimeSpan.FromSeconds(30);
    private readonly Dictionary<string, (Projected Source, long At)> waiting = new(StringComparer.Ordinal);

    public void Clear() => waiting.Clear();

    public void Forget(string uid) => waiting.Remove(uid);

    public void Note(BuiltRow built, long now)
    {
        if (built.MayAge && (waiting.Count < Most || waiting.ContainsKey(built.Row.Uid)))
        {
            waiting[built.Row.Uid] = (built.Source, now);
        }
        else
        {
            waiting.Remove(built.Row.Uid);
        }
    }

    public List<Projected> Due(TimeProvider clock) =>
        waiting.Count == 0 ? [] : [.. waiting.Values.Where(w => clock.GetElapsedTime(w.At) >= After).Select(w => w.Source)];
}
