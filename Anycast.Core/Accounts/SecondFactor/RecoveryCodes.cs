using System.Security.Cryptography;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.SecondFactor;

/// <summary>Codes for the day the phone is gone: ten, each good once, 120 random bits, so that a fast hash is enough (ASVS 6.5.2).</summary>
internal static class RecoveryCodes
{
    public const int Count = 10;
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford: nothing to mistake on paper.

    /// <summary>Replaces a user's codes; stored by the caller's SaveChanges.</summary>
    public static async Task<List<string>> ReplaceAsync(AppDbContext db, Guid userId, DateTimeOffset now, CancellationToken ct)
    {
        await db.RecoveryCodes.Where(c => c.UserId == userId).ExecuteDeleteAsync(ct);
        var codes = Enumerable.Range(0, Count)
            .Select(_ => string.Join('-', RandomNumberGenerator.GetItems<char>(Alphabet, 24).Chunk(4).Select(c => new string(c))))
            .ToList();
        db.RecoveryCodes.AddRange(codes.Select(c => new RecoveryCode { UserId = userId, Hash = Ids.Hash(Normalize(c)), CreatedAt = now }));
        return codes;
    }

    /// <summary>Whether it has the form of a recovery code.</summary>
    public static bool IsForm(string code) => Normalize(code).Length == 24;

    /// <summary>Uses a code up; of many at once exactly one succeeds.</summary>
    public static async Task<bool> TakeAsync(AppDbContext db, Guid userId, string code, CancellationToken ct)
    {
        var hash = Ids.Hash(Normalize(code));
        return await db.RecoveryCodes.Where(c => c.UserId == userId && c.Hash == hash).ExecuteDeleteAsync(ct) == 1;
    }

    private static string Normalize(string code) =>
        new string([.. code.ToUpperInvariant().Where(c => !char.IsWhiteSpace(c) && c != '-')]).Replace('O', '0').Replace('I', '1').Replace('L', '1');
}
