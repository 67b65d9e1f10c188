using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data.Keys;

/// <summary>Installations from before there were key ids: pepper and tickets came from the master key itself, and what it wrapped named no key.</summary>
[PolicyClause("S03")]
public sealed class EarlierInstallationTests
{
    private readonly string _old = KeyHosts.NewKey();
    private readonly string _new = KeyHosts.NewKey();

    [Theory, EveryDatabase]
    [PolicyClause("S02")]
    public async Task Upgrade_WithTheSameKeyOrAtOnceWithANewOne_KeepsPasswordsSessionsAndSecrets(TestProvider provider)
    {
        foreach (var (current, readable) in new[] { (_old, Array.Empty<string>()), (_new, new[] { _old }) })
        {
            await using var database = await KeyHosts.FreshAsync(provider);
            var (hash, session, owner, value) = await MakeEarlierAsync(database);
            await using var host = KeyHosts.Start(database, current, readable);
            Assert.Equal(PasswordVerificationResult.Success, await host.Get<PasswordHasher>().VerifyAsync(hash, CoreHost.Password, default));
            Assert.Equal([1, 2, 3], (await host.Get<SessionService>().FindAsync(session, default))!.Ticket);
            Assert.Equal([7, 7], await host.Get<Sealer>().OpenAsync(KeyOwner.Team, owner, SealedRecord.Place, value, default));

            // Shown as such, then wrapped anew with an id.
            Assert.Equal(1, Assert.Single(await host.Get<MasterKeyUsage>().ReadAsync(default), k => k is { KeyId: null, IsReadable: true }).OwnerKeys);
            await host.Get<KeyRewrap>().RunAsync(KeyHosts.IdOf(current), default);
            await using var after = KeyHosts.Start(database, current);
            Assert.DoesNotContain(await after.Get<MasterKeyUsage>().ReadAsync(default), k => k.KeyId is null || k.IsMissing);
            Assert.Equal([7, 7], await after.Get<Sealer>().OpenAsync(KeyOwner.Team, owner, SealedRecord.Place, value, default));
            Assert.Equal(PasswordVerificationResult.Success, await after.Get<PasswordHasher>().VerifyAsync(hash, CoreHost.Password, default));
        }
    }

    [Theory, EveryDatabase]
    [PolicyClause("S02")]
    public async Task Upgrade_WithAWrongKey_MakesNothingAndSaysSo(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        var (hash, _, _, _) = await MakeEarlierAsync(database);
        await using (var wrong = KeyHosts.Start(database, _new))
        {
            Assert.Throws<UnknownMasterKeyException>(() => wrong.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper));
            Assert.Null(Assert.Single(await wrong.Get<MasterKeyUsage>().ReadAsync(default), k => k.IsMissing).KeyId);
            await using var db = await wrong.OpenAsync();
            Assert.Equal(0, await db.ServiceKeys.CountAsync());
        }

        await using var right = KeyHosts.Start(database, _old);
        Assert.Equal(PasswordVerificationResult.Success, await right.Get<PasswordHasher>().VerifyAsync(hash, CoreHost.Password, default));
    }

    [Theory, EveryDatabase]
    public async Task ServiceKeys_OfANewInstallation_AreRandomAndTheSameForReplicasThatStartAtOnce(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        await using var first = KeyHosts.Start(database, _old);
        await using var second = KeyHosts.Start(database, _old);
        var keys = await Task.WhenAll(new[] { first, second }.Select(h => Task.Run(() => h.Get<ServiceKeys>().Get(ServiceKeys.PasswordPepper))));
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(MasterKey.FromConfiguration(_old).Derive(ServiceKeys.PasswordPepper), keys[0]);
        Assert.NotEqual(keys[0], first.Get<ServiceKeys>().Get(ServiceKeys.SessionTickets));
    }

    /// <summary>What the earlier version would have left: built here from its formats and not by today's services.</summary>
    private async Task<(string Hash, string Session, Guid Owner, byte[] Value)> MakeEarlierAsync(TestDatabase database)
    {
        var master = MasterKey.FromConfiguration(_old);
        var (owner, dataKey, sessionId) = (Guid.NewGuid(), new byte[32], Guid.NewGuid());
        var hash = new PasswordHasher(new AccountsOptions { BcryptCost = 4 }, () => master.Derive("password-pepper")).HashPassword(new User(), CoreHost.Password);
        var value = SealedBytes.Seal(dataKey, [7, 7], $"Things/row/Secret/Team/{owner:N}");
        await using var host = CoreHost.Start(database, settings: KeyHosts.Settings(_old));
        var user = host.Get<AccountService>().NewUser($"{owner:N}@example.org", "Earlier", "en", "registration");
        user.PasswordHash = hash;
        var key = Ids.Secret();
        await using var db = await host.OpenAsync();
        db.Users.Add(user);
        db.OwnerKeys.Add(new OwnerKey { Owner = KeyOwner.Team, OwnerId = owner, WrappedKey = SealedBytes.Seal(master.Derive("owner-keys"), dataKey, $"OwnerKeys/Team/{owner:N}"), CreatedAt = host.Clock.GetUtcNow() });
        db.Sessions.Add(new Session
        {
            Id = sessionId,
            UserId = user.Id,
            KeyHash = Ids.Hash(key),
            Ticket = SealedBytes.Seal(master.Derive("session-tickets"), [1, 2, 3], sessionId.ToString("N")),
            CreatedAt = host.Clock.GetUtcNow(),
            LastSeenAt = host.Clock.GetUtcNow(),
            ProvenAt = host.Clock.GetUtcNow(),
        });
        await db.SaveChangesAsync();
        Assert.Equal(0, await db.ServiceKeys.CountAsync());
        return (hash, key, owner, value);
    }
}
