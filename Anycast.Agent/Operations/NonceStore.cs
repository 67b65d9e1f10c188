namespace Anycast.Agent.Operations;

/// <summary>The nonces of approvals that were used, for 15 minutes; approvals live 10. Bounded: when it is full, nothing is executed.</summary>
internal sealed class NonceStore(TimeProvider clock)
{
    public const int Most = 10_000;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(15);
    private readonly Dictionary<string, long> used = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Takes a nonce. False when it was used, or when no more can be kept.</summary>
    public bool TryUse(string nonce)
    {
        lock (gate)
        {
            if (used.Count >= Most)
            {
                foreach (var old in used.Where(u => clock.GetElapsedTime(u.Value) > Kept).Select(u => u.Key).ToList())
                {
                    used.Remove(old);
                }
            }

            if (used.TryGetValue(nonce, out var at) && clock.GetElapsedTime(at) > Kept)
            {
                used.Remove(nonce);
            }

            return used.Count < Most && used.TryAdd(nonce, clock.GetTimestamp());
        }
    }
}
