using Anycast.Core.Accounts;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Activity;

/// <summary>What the activity pages show of an act: who, to what, from where, and how it ended (D14).</summary>
public sealed class ActivityPagesTests
{
    [Fact]
    [PolicyClause("D14")]
    public async Task Pages_ShowAddressDeviceAndRole_FilterByAreaAndNameATakenBackInvitation()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada") with { Ip = "192.0.2.77", Device = "Firefox on Linux" };
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(ada, "Shop", default)).Value!;
        var vera = await app.PersonAsync("vera@example.org", "Vera");
        await app.JoinAsync(team.Id, vera, TeamRole.Viewer);
        Assert.True((await app.Services.GetRequiredService<MembershipService>().ChangeRoleAsync(ada, team.Slug, vera.UserId, TeamRole.Member, People.Link, default)).IsOk);
        var invitations = app.Services.GetRequiredService<InvitationService>();
        Assert.True((await invitations.InviteAsync(ada, team.Slug, "guest@example.org", TeamRole.Viewer, path => new Uri(new Uri("https://localhost"), path), default)).IsOk);
        Assert.True((await invitations.RevokeAsync(ada, team.Slug, (await invitations.SentAsync(ada, team.Slug, new PageRequest(), default)).Value!.Items.Single().Id, default)).IsOk);
        await app.Services.GetRequiredService<ActivityLog>().RecordAsync(ada, new ActivityEvent("account.sign_in", "user", ada.UserId.ToString()), default);

        var own = (await app.OpenAsync(ada, AppUrls.OwnActivity)).Html;
        Assert.Contains("192.0.2.77", own, StringComparison.Ordinal);
        Assert.Contains("Firefox on Linux</span>", own, StringComparison.Ordinal);
        Assert.Contains("<span class=\"chip\">Member</span>", own, StringComparison.Ordinal);
        Assert.Equal(2, own.Split(">guest@example.org</span>").Length - 1); // sent, and taken back
        Assert.Contains("<option value=\"account\"", own, StringComparison.Ordinal);

        var filtered = (await app.OpenAsync(ada, AppUrls.OwnActivity + "?category=account")).Html;
        Assert.Contains("Signed in", filtered, StringComparison.Ordinal);
        Assert.DoesNotContain("Changed a role", filtered, StringComparison.Ordinal);
        Assert.Contains("/me/activity/csv?category=account", filtered, StringComparison.Ordinal);

        var file = (await app.OpenAsync(ada, AppUrls.OwnActivityCsv + "?category=teams")).Html;
        Assert.StartsWith("time,operation,result,target_kind,target,target_id,detail,count,ip,device,other_addresses", file, StringComparison.Ordinal);
        Assert.Contains($"\"members.change_role\",\"done\",\"user\",\"Vera\",\"{vera.UserId}\",\"Member\"", file, StringComparison.Ordinal);
        Assert.DoesNotContain("account.sign_in", file, StringComparison.Ordinal);

        // Where colleagues read along there are no addresses.
        var shared = (await app.OpenAsync(ada, AppUrls.Activity(team.Slug) + "?category=teams")).Html;
        Assert.Contains("Changed a role", shared, StringComparison.Ordinal);
        Assert.Contains("Took back an invitation", shared, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.77", shared, StringComparison.Ordinal);
        Assert.DoesNotContain("Firefox on Linux", shared, StringComparison.Ordinal);
    }

    [Fact]
    public void Areas_CoverEveryKnownOperation()
    {
        var words = System.Xml.Linq.XDocument.Load(RepositoryRoot.At("Anycast.Web", "Activity", "ActivityText.resx")).Root!.Elements("data").Select(d => d.Attribute("name")!.Value);
        var prefixes = ActivityAreas.All.SelectMany(ActivityAreas.Prefixes).ToList();
        Assert.Empty(words.Where(w => w.StartsWith("Op.", StringComparison.Ordinal)).Select(w => w[3..]).Where(operation => !prefixes.Any(p => operation.StartsWith(p, StringComparison.Ordinal))));
    }
}
