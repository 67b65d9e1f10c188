using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data.Keys;

/// <summary>The master key changes and nothing else does (T10): no secret is lost, no password voided, no session ended.</summary>
[PolicyClause("S03")]
public sealed class KeyRotationTests
{
    private readonly string _old = KeyHosts.NewKey();
    private readonly string _new = KeyHosts.NewKey();

    [Theory, EveryDatabase]
    public async Task Rotation_InTheDocumentedOrder_LosesNothing(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        List<SealedRecord> records;
        string hash, session, bucketsBefore;
        await using (var before = KeyHosts.Start(database, _old))
        {
            records = await before.SealAsync(7);
            hash = await before.Get<PasswordHasher>().HashAsync(CoreHost.Password, default);
            var user = await before.UserAsync();
            session = await before.Get<SessionService>().OpenAsync(Ids.New(before.Clock), user.Id, [1, 2, 3], null, "", default);
            Assert.Null(await before.Get<RateLimiter>().TakeAsync(RateLimitTable.SignIn, "somebody", default));
            bucketsBefore = await BucketsAsync(before);
        }

        async Task HoldsAsync(CoreHost host)
        {
            Assert.Equal(records.Count, await host.ReadableAsync(records));
            Assert.Equal(PasswordVerificationResult.Success, await host.Get<PasswordHasher>().VerifyAsync(hash, CoreHost.Password, default));
            Assert.Equal([1, 2, 3], (await host.Get<SessionService>().FindAsync(session, default))!.Ticket);
            Assert.Null(await host.Get<RateLimiter>().TakeAsync(RateLimitTable.SignIn, "somebody", default));
            Assert.Equal(bucketsBefore, await BucketsAsync(host)); // the same limit counts on
        }

        await using (var told = KeyHosts.Start(database, _old, _new))
        {
            await HoldsAsync(told);
        }

        await using (var changed = KeyHosts.Start(database, _new, _old))
        {
            await HoldsAsync(changed);
            Assert.Equal(records.Count + 4, await changed.CountAsync(KeyHosts.IdOf(_old)));
            Assert.Equal(new RewrapResult(records.Count + 4, 0), await changed.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default));
            Assert.Equal(0, await changed.CountAsync(KeyHosts.IdOf(_old)));
            Assert.Equal(new RewrapResult(0, 0), await changed.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default));
            await HoldsAsync(changed);
        }

        await using var after = KeyHosts.Start(database, _new);
        await HoldsAsync(after);
    }

    [Theory, EveryDatabase]
    public async Task OldKey_RemovedTooEarly_OpensNothingAndNamesWhatIsMissing(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        await using var before = KeyHosts.Start(database, _old);
        var records = await before.SealAsync(5);
        before.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper);
        var rows = await RowsAsync(before);
        await using var hasty = KeyHosts.Start(database, _new);
        Assert.Equal(0, await hasty.ReadableAsync(records));
        var error = await Assert.ThrowsAsync<UnknownMasterKeyException>(() => hasty.Get<Sealer>().OpenAsync(records[0].Kind, records[0].Owner, SealedRecord.Place, records[0].Sealed, default));
        Assert.Contains(KeyHosts.IdOf(_old), error.Message, StringComparison.Ordinal);

        // Nor is anything made in place of what cannot be read.
        await Assert.ThrowsAsync<UnknownMasterKeyException>(() => hasty.Get<Sealer>().SealAsync(records[0].Kind, records[0].Owner, SealedRecord.Place, [1], default));
        Assert.Throws<UnknownMasterKeyException>(() => hasty.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper));
        Assert.Equal(new RewrapResult(0, records.Count + 4), await hasty.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default));
        Assert.Equal(rows, await RowsAsync(before));
        var use = Assert.Single(await hasty.Get<MasterKeyUsage>().ReadAsync(default), k => k.IsMissing);
        Assert.Equal((KeyHosts.IdOf(_old), false), (use.KeyId, use.IsReadable));

        // With the key back, all is there again.
        await using var back = KeyHosts.Start(database, _new, _old);
        Assert.Equal(records.Count, await back.ReadableAsync(records));
    }

    [Theory, EveryDatabase]
    public async Task Replica_ToldOfTheNextKey_ReadsWhatAnotherWrapsWithIt(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        await using var first = KeyHosts.Start(database, _new, _old);
        await using var told = KeyHosts.Start(database, _old, _new);
        await using var untold = KeyHosts.Start(database, _old);
        var record = await first.SealOneAsync(0);
        Assert.True(await record.IsReadableAsync(told));
        Assert.False(await record.IsReadableAsync(untold)); // why the new key is told to everybody first

        // A run that the first asked for, on the other: it moves on, not back.
        var earlier = await told.SealOneAsync(1);
        Assert.True((await told.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default)).Moved >= 1);
        Assert.Equal(0, await first.CountAsync(KeyHosts.IdOf(_old)));
        Assert.True(await earlier.IsReadableAsync(first));
        await Assert.ThrowsAsync<UnknownMasterKeyException>(() => untold.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default));
    }

    [Theory, EveryDatabase]
    public async Task Rewrap_OnTwoReplicasAtOnceWhileNewOnesAreMade_MovesEachOnceAndLosesNone(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        await using var old = KeyHosts.Start(database, _old, _new);
        var records = await old.SealAsync((KeyRewrap.Batch * 2) + 30);
        await using var first = KeyHosts.Start(database, _new, _old);
        await using var second = KeyHosts.Start(database, _new, _old);
        var making = Task.Run(() => first.SealAsync(40));
        var runs = await Task.WhenAll(
            Task.Run(() => first.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default)),
            Task.Run(() => second.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default)));
        records.AddRange(await making);
        Assert.Equal(0, runs.Sum(r => r.Left));
        Assert.True(runs.Sum(r => r.Moved) <= records.Count - 40 + 4, $"{runs.Sum(r => r.Moved)} moved"); // each by one of them
        await second.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default);
        Assert.Equal(0, await first.CountAsync(KeyHosts.IdOf(_old)));
        await using var after = KeyHosts.Start(database, _new);
        Assert.Equal(records.Count, await after.ReadableAsync(records));
    }

    [Theory, EveryDatabase]
    public async Task Rewrap_OfWhatCannotBeRead_LeavesItAsItIsAndMovesTheRest(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        await using var lost = KeyHosts.Start(database, KeyHosts.NewKey());
        var unknown = await lost.SealAsync(KeyRewrap.Batch + 5);
        await using var old = KeyHosts.Start(database, _old, _new);
        var records = await old.SealAsync(20);
        await using (var db = await old.OpenAsync())
        {
            var row = await db.OwnerKeys.SingleAsync(k => k.OwnerId == records[0].Owner);
            row.WrappedKey = [.. row.WrappedKey[..^1], (byte)(row.WrappedKey[^1] ^ 1)];
            await db.SaveChangesAsync();
        }

        var ids = unknown.Select(u => u.Owner).Append(records[0].Owner).ToList();
        var before = (await RowsAsync(old)).Where(r => ids.Any(i => r.Contains(i.ToString("N"), StringComparison.Ordinal))).ToList();
        await using var host = KeyHosts.Start(database, _new, _old);
        var result = await host.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default);
        Assert.Equal(unknown.Count + 1, result.Left);
        Assert.Equal(records.Count - 1, await host.ReadableAsync(records.Skip(1)));
        Assert.Equal(before, (await RowsAsync(old)).Where(r => ids.Any(i => r.Contains(i.ToString("N"), StringComparison.Ordinal))));
        Assert.Equal(1, await host.CountAsync(KeyHosts.IdOf(_old))); // the damaged one
    }

    private static async Task<string> BucketsAsync(CoreHost host)
    {
        await using var db = await host.OpenAsync();
        return string.Join(',', await db.RateBuckets.Select(b => b.Key).Order().ToListAsync());
    }

    private static async Task<List<string>> RowsAsync(CoreHost host)
    {
        await using var db = await host.OpenAsync();
        var owned = await db.OwnerKeys.AsNoTracking().ToListAsync();
        var service = await db.ServiceKeys.AsNoTracking().ToListAsync();
        return [.. owned.Select(k => $"{k.OwnerId:N} {k.KeyId} {Convert.ToHexString(k.WrappedKey)}").Concat(service.Select(k => $"{k.Purpose} {k.KeyId} {Convert.ToHexString(k.WrappedKey)}")).Order(StringComparer.Ordinal)];
    }
}
