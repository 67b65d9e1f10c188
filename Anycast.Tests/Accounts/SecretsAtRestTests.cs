using System.Text;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Whoever reads the database's file finds no secret that works.</summary>
public sealed class SecretsAtRestTests
{
    [Fact]
    public async Task File_OfTheDatabase_HoldsNoPlainSecret()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var actor = await host.SignedInAsync("secrets@example.org");
        var secrets = new Dictionary<string, string> { ["password"] = CoreHost.Password };

        var team = (await host.Get<TeamService>().CreateAsync(actor, "Secrets", default)).Value!;
        secrets["api token"] = (await host.Get<ApiTokenService>().CreateAsync(actor, team.Slug, "test", ApiScopes.Read, default)).Value!.Secret;
        Assert.True((await host.Get<InvitationService>().InviteAsync(actor, team.Slug, "guest@example.org", TeamRole.Viewer, People.Link, default)).IsOk);
        secrets["invitation"] = People.TokenIn((await host.LastMailAsync("guest@example.org")).Replace("invitation=", "token="));
        secrets["browser of the PIN"] = (await host.Get<PinService>().SendAsync(actor.Email, "192.0.2.9", People.Link, default)).Value!;
        var mail = await host.LastMailAsync(actor.Email);
        var pin = System.Text.RegularExpressions.Regex.Match(mail, @"\b\d{6}\b").Value;
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await host.Get<AccountService>().ForgotPasswordAsync(actor.Email, "192.0.2.9", People.Link, default)).IsOk);
        secrets["reset link"] = People.TokenIn(await host.LastMailAsync(actor.Email));
        var (seed, codes) = await host.TurnOnSecondFactorAsync(actor);
        secrets["seed"] = seed;
        secrets["recovery code"] = codes[0];
        secrets["recovery code without hyphens"] = codes[0].Replace("-", "");
        secrets["passkey challenge's browser"] = (await host.Get<PasskeyChallenges>().KeepAsync("state", null, default)).Value!;
        var session = Ids.New(host.Clock);
        secrets["session key"] = await host.Get<SessionService>().OpenAsync(session, actor.UserId, Encoding.ASCII.GetBytes("CANARY-TICKET"), null, "", default);
        secrets["ticket"] = "CANARY-TICKET";

        await using (var db = await host.OpenAsync())
        {
            // A mail carries its secret until it has left; then the text is emptied, as the sender does.
            Assert.Contains(await db.OutboxMails.Select(m => m.Text).ToListAsync(), t => t.Contains(secrets["reset link"], StringComparison.Ordinal));
            await db.OutboxMails.ExecuteUpdateAsync(s => s.SetProperty(m => m.Text, "").SetProperty(m => m.Html, "").SetProperty(m => m.ToAddress, "").SetProperty(m => m.Subject, ""));
            await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        var file = await BytesAsync(host);
        Assert.Contains("secrets@example.org", file, StringComparison.Ordinal); // the positive control: what stands there in clear is found
        Assert.All(secrets, s => Assert.False(file.Contains(s.Value, StringComparison.Ordinal), s.Key));
        Assert.Matches("^[0-9]{6}$", pin);
        await using var after = await host.OpenAsync();
        Assert.All(await after.SignInAttempts.Select(a => a.CodeHash).ToListAsync(), hash => Assert.True(hash.Length == 0 || (hash.Length == 64 && hash != Ids.Hash(pin))));
    }

    private static async Task<string> BytesAsync(CoreHost host)
    {
        var text = new StringBuilder();
        foreach (var path in Directory.EnumerateFiles(host.Database.Directory, "*.db*"))
        {
            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var memory = new MemoryStream();
            await stream.CopyToAsync(memory);
            text.Append(Encoding.Latin1.GetString(memory.ToArray()));
        }

        return text.ToString();
    }
}
