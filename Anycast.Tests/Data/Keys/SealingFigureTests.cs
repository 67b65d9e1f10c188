using System.Buffers.Binary;
using System.Security.Cryptography;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data.Keys;

/// <summary>Figures of sealing (T10): what is swapped, repeated, stolen or restored.</summary>
[PolicyClause("S03")]
public sealed class SealingFigureTests
{
    private static readonly SealedPlace[] s_places = [new("Things", "1", "Secret"), new("Others", "1", "Secret"), new("Things", "2", "Secret"), new("Things", "1", "Seed")];

    [Theory, EveryDatabase]
    public async Task Ciphertexts_SwappedBetweenRowsColumnsTablesAndOwners_NeverOpen(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (tries, opened, control) = await SwapAsync(host, owners: 2);
        Assert.Equal(16 * 15, tries);
        Assert.Equal(0, opened);
        Assert.Equal(tries, control); // without the place each of them would have opened, had the owner been the same
    }

    [Theory, EveryDatabase]
    [Trait("Category", "Long")]
    public async Task Ciphertexts_ManySwapped_NeverOpen(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (tries, opened, _) = await SwapAsync(host, owners: 16);
        FaultFigures.Record($"Sealed values swapped between rows, columns, tables and owners ({provider})", ("swaps", tries, "", null), ("opened", opened, "", 0));
        Assert.Equal(0, opened);
    }

    [Theory, EveryDatabase]
    public async Task WrappedKeys_SwappedBetweenOwnersPurposesOrSessions_NeverOpen(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        var key = KeyHosts.NewKey();
        await using var host = KeyHosts.Start(database, key);
        var records = await host.SealAsync(2);
        var person = await host.ActorAsync();
        var cookies = new List<string>();
        foreach (var _ in records)
        {
            cookies.Add(await host.Get<SessionService>().OpenAsync(Ids.New(host.Clock), person.UserId, [1], null, "", default));
        }

        Assert.Equal(2, await host.ReadableAsync(records));
        await using (var db = await host.OpenAsync())
        {
            var owned = await db.OwnerKeys.ToListAsync();
            (owned[0].WrappedKey, owned[1].WrappedKey) = (owned[1].WrappedKey, owned[0].WrappedKey);
            var service = await db.ServiceKeys.ToListAsync();
            (service[0].WrappedKey, service[1].WrappedKey) = (service[1].WrappedKey, service[0].WrappedKey);
            var sessions = await db.Sessions.ToListAsync();
            (sessions[0].Ticket, sessions[1].Ticket) = (sessions[1].Ticket, sessions[0].Ticket);
            await db.SaveChangesAsync();
        }

        Assert.Equal(0, await host.ReadableAsync(records));
        foreach (var cookie in cookies)
        {
            Assert.Null(await host.Get<SessionService>().FindAsync(cookie, default));
        }

        await using var restarted = KeyHosts.Start(database, key);
        Assert.ThrowsAny<CryptographicException>(() => restarted.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper));
    }

    [Fact]
    public void Nonces_OfAHundredThousandSealings_AreAllDifferent() => Assert.Equal(0, Repeated(100_000));

    [Fact]
    [Trait("Category", "Long")]
    public void Nonces_OfAMillionSealings_AreAllDifferent()
    {
        var repeated = Repeated(1_000_000);
        FaultFigures.Record("Nonces of a million sealings with one key", ("sealings", 1_000_000, "", null), ("nonces that came twice", repeated, "", 0));
        Assert.Equal(0, repeated);
    }

    [Fact]
    public void Nonces_ThatRepeat_WouldBeCounted() => Assert.Equal(3, Repeated([1, 2, 1, 1, 2])); // the positive control

    [Fact]
    public async Task Backup_OnANewHost_IsReadableWithItsKeyAloneAndTotally()
    {
        var (records, readable, wrong, none) = await RestoreAsync(60);
        Assert.Equal((records, 0, 0), (readable, wrong, none));
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Backup_OfTenThousandRecordsOnANewHost_IsReadableWithItsKeyAlone()
    {
        var (records, readable, wrong, none) = await RestoreAsync(10_000);
        FaultFigures.Record(
            "Backup with 10,000 sealed records on a new host",
            ("not readable with its master key", records - readable, "", 0),
            ("readable with another master key", wrong, "", 0),
            ("readable without a master key", none, "", 0));
        Assert.Equal((records, 0, 0), (readable, wrong, none));
    }

    [Theory, EveryDatabase]
    [PolicyClause("S02")]
    public async Task Dump_WithFiftySecretsPlantedAndKeysRotated_HoldsNoneOfThem(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        var (old, next) = (KeyHosts.NewKey(), KeyHosts.NewKey());
        var secrets = new List<string>();
        List<string> emails = [];
        await using (var host = KeyHosts.Start(database, old))
        {
            host.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper);
            for (var i = 0; i < 10; i++)
            {
                var actor = await host.SignedInAsync($"planted{i}@example.org");
                emails.Add(actor.Email);
                var (seed, codes) = await host.TurnOnSecondFactorAsync(actor);
                var (password, ticket) = ($"planted password {Guid.NewGuid():N}", $"planted ticket {Guid.NewGuid():N}");
                var hash = await host.Get<PasswordHasher>().HashAsync(password, default);
                await using var db = await host.OpenAsync();
                await db.Users.Where(u => u.Id == actor.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.PasswordHash, hash));
                var session = await host.Get<SessionService>().OpenAsync(Ids.New(host.Clock), actor.UserId, System.Text.Encoding.UTF8.GetBytes(ticket), null, "", default);
                secrets.AddRange([seed, codes[0], password, ticket, session]);
            }
        }

        Assert.Equal(50, secrets.Distinct().Count());
        var search = new SecretSearch([.. secrets, old, next, Convert.ToHexString(Convert.FromBase64String(old)), Convert.ToHexString(Convert.FromBase64String(next))]);
        await using var rotating = KeyHosts.Start(database, next, old);
        Assert.Empty(search.Find(await DatabaseBytes.AllAsync(database)));
        Assert.Equal(0, (await rotating.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(next), default)).Left);
        var dump = await DatabaseBytes.AllAsync(database);
        Assert.Empty(search.Find(dump));
        Assert.All(emails, e => Assert.True(new SecretSearch(e).IsIn(dump), e)); // the positive control: what stands there in clear is found
    }

    /// <summary>Opens every value in every other's place. The control seals without a place, and with one key.</summary>
    private static async Task<(int Tries, int Opened, int Control)> SwapAsync(CoreHost host, int owners)
    {
        var places = (
            from owner in Enumerable.Range(0, owners).Select(_ => Guid.NewGuid()).ToList()
            from kind in Enum.GetValues<KeyOwner>()
            from place in s_places
            select (kind, owner, place)).ToList();
        var sealer = host.Get<Sealer>();
        var values = new List<(byte[] Bound, byte[] Loose)>();
        var key = RandomNumberGenerator.GetBytes(32);
        foreach (var (kind, owner, place) in places)
        {
            values.Add((await sealer.SealAsync(kind, owner, place, [1, 2, 3], default), SealedBytes.Seal(key, [1, 2, 3], "")));
        }

        var (tries, opened, control) = (0, 0, 0);
        for (var to = 0; to < places.Count; to++)
        {
            Assert.Equal([1, 2, 3], await sealer.OpenAsync(places[to].kind, places[to].owner, places[to].place, values[to].Bound, default));
            for (var from = 0; from < places.Count; from++)
            {
                if (from == to)
                {
                    continue;
                }

                tries++;
                control += SealedBytes.Open(key, values[from].Loose, "").Length == 3 ? 1 : 0;
                try
                {
                    await sealer.OpenAsync(places[to].kind, places[to].owner, places[to].place, values[from].Bound, default);
                    opened++;
                }
                catch (CryptographicException)
                {
                    // As it must be.
                }
            }
        }

        return (tries, opened, control);
    }

    private static int Repeated(int sealings)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        return Repeated(Enumerable.Range(0, sealings).Select(_ =>
        {
            var nonce = SealedBytes.Seal(key, [1], "place").AsSpan(1, 12);
            return ((UInt128)BinaryPrimitives.ReadUInt64LittleEndian(nonce) << 32) | BinaryPrimitives.ReadUInt32LittleEndian(nonce[8..]);
        }));
    }

    private static int Repeated(IEnumerable<UInt128> nonces)
    {
        var seen = new HashSet<UInt128>();
        return nonces.Count(n => !seen.Add(n));
    }

    private static async Task<(int Records, int Readable, int Wrong, int None)> RestoreAsync(int count)
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var records = await host.SealAsync(count);
        var hash = await host.Get<PasswordHasher>().HashAsync(CoreHost.Password, default);
        using var elsewhere = new TempDirectory();
        var copy = elsewhere.File("right", "anycast.db");
        Directory.CreateDirectory(elsewhere.File("right", "keys"));
        await using (var db = await host.OpenAsync())
        {
            await db.Database.ExecuteSqlAsync($"VACUUM INTO {copy}");
        }

        foreach (var place in new[] { "wrong", "none" })
        {
            Directory.CreateDirectory(elsewhere.File(place));
            File.Copy(copy, elsewhere.File(place, "anycast.db"));
        }

        File.Copy(host.Database.MasterKeyFile, elsewhere.File("right", "keys", "master.key"));
        MasterKey.FromFile(elsewhere.File("wrong", "keys", "master.key"));

        async Task<(int Readable, bool Verifies)> OnAsync(string place)
        {
            await using var restored = CoreHost.Start(host.Database, settings: new Dictionary<string, string?> { ["Anycast:Data:Directory"] = elsewhere.File(place) });
            var readable = await restored.ReadableAsync(records);
            try
            {
                return (readable, await restored.Get<PasswordHasher>().VerifyAsync(hash, CoreHost.Password, default) == PasswordVerificationResult.Success);
            }
            catch (UnknownMasterKeyException)
            {
                return (readable, false);
            }
            finally
            {
                using var pooled = new SqliteConnection($"Data Source={elsewhere.File(place, "anycast.db")};Default Timeout=30");
                SqliteConnection.ClearPool(pooled);
            }
        }

        var right = await OnAsync("right");
        Assert.True(right.Verifies);
        var wrong = await OnAsync("wrong");
        Assert.False(wrong.Verifies);
        int none;
        try
        {
            none = (await OnAsync("none")).Readable;
        }
        catch (ConfigurationException e)
        {
            Assert.Contains("master key", e.Message, StringComparison.Ordinal);
            none = 0; // It does not start at all.
        }

        return (records.Count, right.Readable, wrong.Readable, none);
    }
}
