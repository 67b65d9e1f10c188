using System.Text.RegularExpressions;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data.Keys;

/// <summary>What docs/keys.md says to do when a master key is lost for good: people come back in, and what was not sealed is still there.</summary>
public sealed class LostKeyTests
{
    [Theory, EveryDatabase]
    [PolicyClause("S03")]
    public async Task Page_OfTheLostKey_BringsPeopleBackIn(TestProvider provider)
    {
        await using var database = await KeyHosts.FreshAsync(provider);
        string email, slug;
        await using (var before = KeyHosts.Start(database, KeyHosts.NewKey()))
        {
            var actor = await before.SignedInAsync();
            email = actor.Email;
            slug = (await before.Get<TeamService>().CreateAsync(actor, "Team", default)).Value!.Slug;
            await before.TurnOnSecondFactorAsync(actor);
        }

        var next = KeyHosts.NewKey();
        await using (var shut = KeyHosts.Start(database, next))
        {
            await Assert.ThrowsAsync<UnknownMasterKeyException>(() => shut.Get<SignInService>().PasswordAsync(email, CoreHost.Password, "192.0.2.1", null, default));
            await using var db = await shut.OpenAsync();
            foreach (var statement in Statements())
            {
                await db.Database.ExecuteSqlRawAsync(statement);
            }
        }

        await using var anew = KeyHosts.Start(database, next);
        Assert.DoesNotContain(await anew.Get<MasterKeyUsage>().ReadAsync(default), k => k.IsMissing);
        anew.Clock.Advance(TimeSpan.FromSeconds(1)); // Its mail is the newest, and not of the same instant as the one about the second factor.
        Assert.True((await anew.Get<AccountService>().ForgotPasswordAsync(email, "192.0.2.1", People.Link, default)).IsOk);
        const string password = "another lamp, eighteen boats";
        Assert.True((await anew.Get<AccountService>().ResetPasswordAsync(People.TokenIn(await anew.LastMailAsync(email)), password, People.Link, default)).IsOk);
        Assert.True((await anew.Get<SignInService>().PasswordAsync(email, password, "192.0.2.1", null, default)).IsOk);
        await using var after = await anew.OpenAsync();
        Assert.True(await after.Teams.AnyAsync(t => t.Slug == slug));
    }

    private static List<string> Statements()
    {
        var text = File.ReadAllText(RepositoryRoot.At("docs", "keys.md"));
        var block = Regex.Match(text, "```sql\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        var statements = block.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        Assert.Equal(7, statements.Count);
        return statements;
    }
}
