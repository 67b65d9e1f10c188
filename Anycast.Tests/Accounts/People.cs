using System.Text.RegularExpressions;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>What tests of accounts do again and again.</summary>
internal static partial class People
{
    /// <summary>The actor of a new account with a session that was proven just now.</summary>
    public static async Task<Actor> SignedInAsync(this CoreHost host, string? email = null, PlatformRoles roles = PlatformRoles.User) =>
        await host.WithSessionAsync(await host.ActorAsync(email, roles));

    /// <summary>The same actor in a new session.</summary>
    public static async Task<Actor> WithSessionAsync(this CoreHost host, Actor actor)
    {
        var id = Ids.New(host.Clock);
        await host.Get<SessionService>().OpenAsync(id, actor.UserId, [1, 2, 3], actor.Ip, actor.Device ?? "", default);
        return actor with { SessionId = id };
    }

    /// <summary>Turns the second factor on; returns the seed and the recovery codes.</summary>
    public static async Task<(string Secret, IReadOnlyList<string> Codes)> TurnOnSecondFactorAsync(this CoreHost host, Actor actor)
    {
        var service = host.Get<SecondFactorService>();
        var begun = await service.BeginAsync(actor, default);
        Assert.True(begun.IsOk, begun.Failure?.Code);
        var confirmed = await service.ConfirmAsync(actor, Code(begun.Value.Secret, host.Clock.GetUtcNow()), Link, default);
        Assert.True(confirmed.IsOk, confirmed.Failure?.Code);
        return (begun.Value.Secret, confirmed.Value);
    }

    /// <summary>What an authenticator app would show, computed here once more from RFC 6238 and not by the product's code.</summary>
    public static string Code(string base32, DateTimeOffset at)
    {
        var bits = string.Concat(base32.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c), 2).PadLeft(5, '0')));
        var seed = bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2)).ToArray();
        var counter = BitConverter.GetBytes(at.ToUnixTimeSeconds() / 30);
        Array.Reverse(counter);
#pragma warning disable CA5350 // RFC 6238
        var hash = System.Security.Cryptography.HMACSHA1.HashData(seed, counter);
#pragma warning restore CA5350
        var offset = hash[19] & 15;
        var number = ((hash[offset] & 127) << 24) | (hash[offset + 1] << 16) | (hash[offset + 2] << 8) | hash[offset + 3];
        return (number % 1000000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
    }

    public static Uri Link(string path) => new(new Uri("https://anycast.test"), path);

    /// <summary>The newest mail to an address.</summary>
    public static async Task<string> LastMailAsync(this CoreHost host, string address)
    {
        await using var db = await host.OpenAsync();
        var mail = await db.OutboxMails.Where(m => m.ToAddress == address).OrderByDescending(m => m.CreatedAt).ThenByDescending(m => m.Id).Select(m => m.Text).FirstAsync();
        host.Clock.Advance(TimeSpan.FromMilliseconds(1)); // The next one is later: of two of the same instant none is the last.
        return mail;
    }

    /// <summary>The secret in a mailed link.</summary>
    public static string TokenIn(string mail) => TokenPattern().Match(mail) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException("No link in: " + mail);

    [GeneratedRegex(@"token=([A-Za-z0-9_-]{43})")]
    private static partial Regex TokenPattern();
}
