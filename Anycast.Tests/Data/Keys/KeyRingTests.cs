using System.Security.Cryptography;
using System.Xml.Linq;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data.Keys;

/// <summary>ASP.NET's ring, which signs cookies and forms, goes with the master key, and never makes a new key because an old one cannot be read.</summary>
[PolicyClause("S03")]
public sealed class KeyRingTests
{
    private readonly string _old = KeyHosts.NewKey();
    private readonly string _new = KeyHosts.NewKey();

    [Theory, EveryDatabase]
    public async Task Ring_WrappedAnew_OpensWhatItProtectedBefore(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        string value;
        await using (var before = KeyHosts.Start(database, _old))
        {
            value = Protector(before).Protect("something");
        }

        await using (var rotating = KeyHosts.Start(database, _new, _old))
        {
            Assert.Equal(1, Assert.Single(await rotating.Get<MasterKeyUsage>().ReadAsync(default), k => k.KeyId == KeyHosts.IdOf(_old)).RingKeys);
            Assert.Equal("something", Protector(rotating).Unprotect(value));
            Assert.Equal(0, (await rotating.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default)).Left);
        }

        await using var after = KeyHosts.Start(database, _new);
        Assert.Equal("something", Protector(after).Unprotect(value));
        Assert.Single(await XmlAsync(after));
    }

    [Theory, EveryDatabase]
    public async Task Ring_FromBeforeIds_IsReadAndGetsOne(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        string value;
        await using (var before = KeyHosts.Start(database, _old))
        {
            value = Protector(before).Protect("something");
            await ChangeAsync(before, rows => rows.ForEach(r => r.Attribute("key")!.Remove()));
        }

        await using var after = KeyHosts.Start(database, _new, _old);
        Assert.Equal("something", Protector(after).Unprotect(value));
        await after.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(_new), default);
        Assert.Contains(KeyHosts.IdOf(_new), Assert.Single(await XmlAsync(after)), StringComparison.Ordinal);
    }

    [Theory, EveryDatabase]
    public async Task Ring_WhoseMasterKeyIsMissing_GetsNoNewKey(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        await using var before = KeyHosts.Start(database, _old);
        var value = Protector(before).Protect("something");
        var ring = await XmlAsync(before);
        await using (var hasty = KeyHosts.Start(database, _new))
        {
            Assert.ThrowsAny<Exception>(() => Protector(hasty).Unprotect(value));
            Assert.ThrowsAny<Exception>(() => Protector(hasty).Protect("other"));
            Assert.Throws<InvalidOperationException>(() => hasty.Get<IKeyManager>().CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90)));
        }

        Assert.Equal(ring, await XmlAsync(before));
        await using var back = KeyHosts.Start(database, _new, _old);
        Assert.Equal("something", Protector(back).Unprotect(value));
    }

    [Fact]
    public async Task Ring_WithTwoKeysSwapped_OpensNeithersWork()
    {
        await using var database = await KeyHosts.FreshAsync(TestProvider.Sqlite);
        string[] values;
        await using (var before = KeyHosts.Start(database, _old))
        {
            var first = Protector(before).Protect("first");
            before.Get<IKeyManager>().CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));
            values = [first, Protector(before).Protect("second")];
        }

        await using (var same = KeyHosts.Start(database, _old))
        {
            Assert.Equal(["first", "second"], values.Select(v => Protector(same).Unprotect(v)));
            await ChangeAsync(same, rows => (rows[0].Value, rows[1].Value) = (rows[1].Value, rows[0].Value));
        }

        await using var swapped = KeyHosts.Start(database, _old);
        Assert.All(values, v => Assert.ThrowsAny<CryptographicException>(() => Protector(swapped).Unprotect(v)));
    }

    private static IDataProtector Protector(CoreHost host) => host.Get<IDataProtectionProvider>().CreateProtector("test");

    private static async Task<List<string>> XmlAsync(CoreHost host)
    {
        await using var db = await host.OpenAsync();
        return await db.DataProtectionKeys.OrderBy(k => k.Id).Select(k => k.Xml!).ToListAsync();
    }

    private static async Task ChangeAsync(CoreHost host, Action<List<XElement>> change)
    {
        await using var db = await host.OpenAsync();
        var rows = await db.DataProtectionKeys.OrderBy(k => k.Id).ToListAsync();
        var parsed = rows.ConvertAll(r => XElement.Parse(r.Xml!));
        change(parsed.ConvertAll(x => x.Descendants("sealed").Single()));
        for (var i = 0; i < rows.Count; i++)
        {
            rows[i].Xml = parsed[i].ToString(SaveOptions.DisableFormatting);
        }

        await db.SaveChangesAsync();
    }
}
