using System.Security.Cryptography;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Harness;
using Anycast.Web.Hosting;

namespace Anycast.Tests.Data.Keys;

/// <summary>Hosts on one database that are told different master keys: replicas before, in and after a rotation.</summary>
internal static class KeyHosts
{
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public static string IdOf(string key) => MasterKey.FromConfiguration(key).Id;

    /// <summary>The settings of a replica whose current key is the first; it reads the others.</summary>
    public static Dictionary<string, string?> Settings(string current, params string[] readable)
    {
        var settings = new Dictionary<string, string?> { ["Anycast:MasterKey"] = current, ["Anycast:MasterKeysReadable:0"] = "", ["Anycast:MasterKeysReadable:1"] = "" };
        for (var i = 0; i < readable.Length; i++)
        {
            settings[$"Anycast:MasterKeysReadable:{i}"] = readable[i];
        }

        return settings;
    }

    /// <summary>A host with the web host's key ring, on a database that may have others.</summary>
    public static CoreHost Start(TestDatabase database, string current, params string[] readable) => CoreHost.Start(database, (services, _) => services.AddKeyRing(), Settings(current, readable));

    /// <summary>A database as a new installation's, without keys, and its first master key.</summary>
    public static async Task<TestDatabase> FreshAsync(TestProvider provider)
    {
        var database = await TestDatabase.CreateAsync(provider);
        await using var any = CoreHost.Start(database);
        await using var db = await any.OpenAsync();
        db.ServiceKeys.RemoveRange(db.ServiceKeys); // The template's, wrapped by the template's master key.
        await db.SaveChangesAsync();
        return database;
    }

    public static async Task<int> CountAsync(this CoreHost host, string keyId) =>
        (await host.Get<MasterKeyUsage>().ReadAsync(default)).Where(k => k.KeyId == keyId).Sum(k => k.Total);

    /// <summary>Values of new owners, each under a key of its own.</summary>
    public static async Task<List<SealedRecord>> SealAsync(this CoreHost host, int count)
    {
        var records = new List<SealedRecord>(count);
        for (var i = 0; i < count; i++)
        {
            records.Add(await host.SealOneAsync(i));
        }

        return records;
    }

    public static async Task<SealedRecord> SealOneAsync(this CoreHost host, int number)
    {
        var owner = Guid.NewGuid();
        var kind = number % 2 == 0 ? KeyOwner.Team : KeyOwner.User;
        var plain = RandomNumberGenerator.GetBytes(24);
        return new SealedRecord(kind, owner, plain, await host.Get<Sealer>().SealAsync(kind, owner, SealedRecord.Place, plain, default));
    }

    /// <summary>How many of them the host gives back as they were.</summary>
    public static async Task<int> ReadableAsync(this CoreHost host, IEnumerable<SealedRecord> records)
    {
        var readable = 0;
        foreach (var record in records)
        {
            readable += await record.IsReadableAsync(host) ? 1 : 0;
        }

        return readable;
    }
}

/// <summary>A sealed value as it would stand in a row, and what it should open to.</summary>
internal sealed record SealedRecord(KeyOwner Kind, Guid Owner, byte[] Plain, byte[] Sealed)
{
    public static readonly SealedPlace Place = new("Things", "row", "Secret");

    public async Task<bool> IsReadableAsync(CoreHost host)
    {
        try
        {
            return await host.Get<Sealer>().OpenAsync(Kind, Owner, Place, Sealed, default) is { } opened && opened.AsSpan().SequenceEqual(Plain);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
