using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Notifications;
using Anycast.Core.Privacy;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Privacy;

/// <summary>A team goes with everything that is its own.</summary>
public sealed class TeamDeletionTests
{
    [Theory, EveryDatabase]
    public async Task Delete_ByAnOwnerWhoTypedTheName_LeavesNoRowAndNoNameOfIt(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => services.AddClusters().AddPrivacy());
        var owner = await host.SignedInAsync();
        var member = await host.SignedInAsync();
        var team = (await host.Get<TeamService>().CreateAsync(owner, "CANARY-TEAM", default)).Value!;
        var other = (await host.Get<TeamService>().CreateAsync(owner, "Another", default)).Value!;
        await host.JoinAsync(team.Id, member.UserId, TeamRole.Admin);
        var removed = await host.SignedInAsync();
        await host.JoinAsync(team.Id, removed.UserId, TeamRole.Admin);
        Assert.True((await host.Get<MembershipService>().RemoveAsync(owner, team.Slug, removed.UserId, People.Link, default)).IsOk);
        var declined = await host.SignedInAsync();
        Assert.True((await host.Get<InvitationService>().InviteAsync(owner, team.Slug, declined.Email, TeamRole.Member, People.Link, default)).IsOk);
        Assert.True((await host.Get<InvitationService>().DeclineAsync(declined, (await host.Get<InvitationService>().ReceivedAsync(declined, default)).Single().Id, People.Link, default)).IsOk);
        Assert.True((await host.Get<ClusterService>().CreateAsync(owner, team.Slug, "CANARY-CLUSTER", ClusterAccessKind.ReadOnly, default)).IsOk);
        await host.Get<Sealer>().SealAsync(KeyOwner.Team, team.Id, new SealedPlace("T", "r", "c"), [1], default);

        var deletion = host.Get<TeamDeletion>();
        Assert.Equal(new TeamContents("CANARY-TEAM", 2, 1, 0, 0, 0), (await deletion.PreviewAsync(owner, team.Slug, default)).Value);
        Assert.Equal(Failure.Forbidden, (await deletion.DeleteAsync(member, team.Slug, "CANARY-TEAM", People.Link, default)).Failure);
        Assert.Equal("teams.delete_name", (await deletion.DeleteAsync(owner, team.Slug, "canary-team", People.Link, default)).Failure!.Code);
        host.Clock.Advance(StepUpService.Lasts + TimeSpan.FromSeconds(1));
        Assert.Equal("accounts.step_up", (await deletion.DeleteAsync(owner, team.Slug, "CANARY-TEAM", People.Link, default)).Failure!.Code);
        owner = await host.WithSessionAsync(owner);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => deletion.DeleteAsync(owner, team.Slug, "CANARY-TEAM", People.Link, default))));
        Assert.Single(answers, a => a.IsOk);
        Assert.All(answers.Where(a => !a.IsOk), a => Assert.Equal(FailureKind.NotFound, a.Failure!.Kind));
        await AssertGoneAsync(host, team.Id);
        Assert.Equal([other.Id], (await host.Get<TeamService>().ListAsync(owner, default)).Select(t => t.Id));
        Assert.Empty(await host.Get<TeamService>().ListAsync(member, default));

        // Its members are told, the one who did it too; who was in it no more is not, and reads its name nowhere (N7).
        foreach (var (actor, told) in new[] { (owner, 1), (member, 1), (removed, 0), (declined, 0) })
        {
            var list = await host.Get<NotificationService>().ListAsync(actor, unreadOnly: false, new PageRequest(), default);
            Assert.Equal(told, list.Items.Count(n => n.Key == "team_deleted"));
            Assert.Equal(told, list.Total);
            Assert.Equal(told == 1, (await host.LastMailAsync(actor.Email)).Contains("was deleted for good", StringComparison.Ordinal));
        }

        Assert.Contains(People.Link("/me/teams").ToString(), await host.LastMailAsync(member.Email));
    }

    /// <summary>Looks through every column of every table.</summary>
    private static async Task AssertGoneAsync(CoreHost host, Guid teamId)
    {
        await using var db = await host.OpenAsync();
        var rows = 0;
        foreach (var table in db.Model.GetEntityTypes().Select(e => e.GetTableName()!).Distinct().Where(t => t != "OutboxMails"))
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            await db.Database.OpenConnectionAsync();
            command.CommandText = $"SELECT * FROM \"{table}\"";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                rows++;
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    var value = reader.IsDBNull(i) ? "" : reader.GetValue(i).ToString() ?? "";
                    var isOwnLog = table == "ActivityEntries" && reader.GetName(i) == "TargetId";
                    Assert.False(value.Contains("CANARY", StringComparison.Ordinal), $"{table}.{reader.GetName(i)}: {value}");
                    Assert.True(isOwnLog || !value.Contains(teamId.ToString(), StringComparison.OrdinalIgnoreCase), $"{table}.{reader.GetName(i)}: {value}");
                }
            }
        }

        Assert.True(rows > 5, "The walk over the tables found too little to be true.");
    }
}
