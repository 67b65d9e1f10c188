using System.Security.Cryptography;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data;

/// <summary>Secrets are sealed for their owner and their place (DESIGN promise 7).</summary>
[PolicyClause("S03")]
public sealed class SealerTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private static readonly SealedPlace s_place = new("Things", "row1", "Secret");
    private static readonly byte[] s_plain = "ANYCAST-CANARY-SEALED"u8.ToArray();

    [Theory, EveryDatabase]
    public async Task Open_OfASealedValue_GivesItBackAndTheBytesHoldNothingOfIt(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = Guid.NewGuid();
        var value = await host.Get<Sealer>().SealAsync(KeyOwner.Team, owner, s_place, s_plain, default);
        Assert.Equal(-1, value.AsSpan().IndexOf("CANARY"u8));
        Assert.NotEqual(value, await host.Get<Sealer>().SealAsync(KeyOwner.Team, owner, s_place, s_plain, default));
        Assert.Equal(s_plain, await host.Get<Sealer>().OpenAsync(KeyOwner.Team, owner, s_place, value, default));
    }

    [Theory, EveryDatabase]
    public async Task Open_OfAValueMovedElsewhere_Fails(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, other) = (Guid.NewGuid(), Guid.NewGuid());
        var sealer = host.Get<Sealer>();
        var value = await sealer.SealAsync(KeyOwner.Team, owner, s_place, s_plain, default);
        await sealer.SealAsync(KeyOwner.Team, other, s_place, s_plain, default);
        await sealer.SealAsync(KeyOwner.User, owner, s_place, s_plain, default);
        foreach (var place in new[] { s_place with { Table = "Others" }, s_place with { Row = "row2" }, s_place with { Column = "Other" } })
        {
            await Assert.ThrowsAnyAsync<CryptographicException>(() => sealer.OpenAsync(KeyOwner.Team, owner, place, value, default));
        }

        await Assert.ThrowsAnyAsync<CryptographicException>(() => sealer.OpenAsync(KeyOwner.Team, other, s_place, value, default));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => sealer.OpenAsync(KeyOwner.User, owner, s_place, value, default));
    }

    [Theory, EveryDatabase]
    public async Task Open_OfAnAlteredValue_Fails(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = Guid.NewGuid();
        var value = await host.Get<Sealer>().SealAsync(KeyOwner.User, owner, s_place, s_plain, default);
        for (var i = 0; i < value.Length; i++)
        {
            var altered = value.ToArray();
            altered[i] ^= 1;
            await Assert.ThrowsAnyAsync<CryptographicException>(() => host.Get<Sealer>().OpenAsync(KeyOwner.User, owner, s_place, altered, default));
        }

        await Assert.ThrowsAnyAsync<CryptographicException>(() => host.Get<Sealer>().OpenAsync(KeyOwner.User, owner, s_place, value[..20], default));
    }

    [Theory, EveryDatabase]
    public async Task Open_AfterTheKeyWasDestroyed_GivesNothingForEver(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = Guid.NewGuid();
        var sealer = host.Get<Sealer>();
        var value = await sealer.SealAsync(KeyOwner.User, owner, s_place, s_plain, default);
        await using (var db = await host.OpenAsync())
        {
            Assert.Equal(1, await db.OwnerKeys.Where(k => k.OwnerId == owner).ExecuteDeleteAsync());
        }

        Assert.Null(await sealer.OpenAsync(KeyOwner.User, owner, s_place, value, default));
        await sealer.SealAsync(KeyOwner.User, owner, s_place, s_plain, default); // a new key does not open the old value
        await Assert.ThrowsAnyAsync<CryptographicException>(() => sealer.OpenAsync(KeyOwner.User, owner, s_place, value, default));
    }

    [Theory, EveryDatabase]
    public async Task Seal_ManyAtOnceForANewOwner_MakesOneKey(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = Guid.NewGuid();
        var values = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => host.Get<Sealer>().SealAsync(KeyOwner.Team, owner, s_place, s_plain, default))));
        foreach (var value in values)
        {
            Assert.Equal(s_plain, await host.Get<Sealer>().OpenAsync(KeyOwner.Team, owner, s_place, value, default));
        }
    }

    [Fact]
    public async Task Open_WithAnotherMasterKey_Fails()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var owner = Guid.NewGuid();
        var value = await host.Get<Sealer>().SealAsync(KeyOwner.Team, owner, s_place, s_plain, default);
        await using var other = CoreHost.Start(host.Database, settings: new Dictionary<string, string?> { ["Anycast:MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) });
        await Assert.ThrowsAnyAsync<CryptographicException>(() => other.Get<Sealer>().OpenAsync(KeyOwner.Team, owner, s_place, value, default));
    }

    [Fact]
    public void MasterKey_OnFirstStart_IsAFileForItsOwnerAloneAndNeverChanges()
    {
        using var directory = new TempDirectory();
        var path = directory.File("keys", "master.key");
        var keys = new byte[8][];
        Parallel.For(0, keys.Length, i => keys[i] = MasterKey.FromFile(path).Derive("x"));
        Assert.All(keys, k => Assert.Equal(keys[0], k));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        }

        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        Assert.NotEqual(keys[0], MasterKey.FromFile(path).Derive("y"));
    }
}
