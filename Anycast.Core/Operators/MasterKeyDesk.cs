using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;

namespace Anycast.Core.Operators;

/// <summary>Master keys as operators see them: ids and counts, never a key.</summary>
/// <param name="Keys">Every key that is configured here or in use, the current one first.</param>
/// <param name="ToMove">Records that another key than the current one has wrapped, and that can be read.</param>
public sealed record MasterKeyStatus(IReadOnlyList<MasterKeyUse> Keys, int ToMove)
{
    /// <summary>Keys that records need and that are not configured here.</summary>
    public IEnumerable<MasterKeyUse> Missing => Keys.Where(k => k.IsMissing);

    /// <summary>Keys that are configured beside the current one and that no record needs.</summary>
    public IEnumerable<MasterKeyUse> Unused => Keys.Where(k => k is { IsCurrent: false, Total: 0 });
}

/// <summary>The operators' view of the master keys, and the button that wraps everything with the current one (T10).</summary>
public sealed class MasterKeyDesk(OperatorAccess access, MasterKeyUsage usage, MasterKeys masters, IKeyRewrapQueue queue, ActivityLog activity)
{
    /// <summary>Which keys are in use; the count of what is still to move is a run's progress, on whichever replica it runs.</summary>
    public async Task<Outcome<MasterKeyStatus>> StatusAsync(Actor actor, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        var keys = await usage.ReadAsync(ct);
        return new MasterKeyStatus(keys, keys.Where(k => k is { IsCurrent: false, IsReadable: true }).Sum(k => k.Total));
    }

    /// <summary>Has everything wrapped anew with the current key, in the background. Needs no fresh proof: it destroys nothing and shows nothing.</summary>
    public async Task<Outcome> RewrapAsync(Actor actor, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        await activity.RecordAsync(actor, new ActivityEvent("operators.rewrap_keys", "master_key", masters.Current.Id), ct);
        queue.Enqueue(masters.Current.Id);
        return Outcome.Ok;
    }
}
