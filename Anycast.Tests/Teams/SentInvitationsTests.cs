using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Harness;
using Anycast.Tests.Shell;
using Anycast.Web.Shell;
using Anycast.Web.Teams.Invitations;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Teams;

/// <summary>The list of sent invitations on the members' page.</summary>
public sealed class SentInvitationsTests
{
    [Fact]
    public async Task List_OfMoreThanAPage_IsPagedBesideTheMembers()
    {
        await using var app = new InProcessApp();
        var owner = await app.PersonAsync("ada@example.org", "Ada");
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(owner, "Shop", default)).Value!;
        const int Sent = 120;
        await using (var db = await app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync())
        {
            db.TeamInvitations.AddRange(Enumerable.Range(0, Sent).Select(i => new TeamInvitation
            {
                Id = Guid.NewGuid(), TeamId = team.Id, Email = $"guest-{i}@example.org", NormalizedEmail = $"GUEST-{i}@EXAMPLE.ORG", Role = TeamRole.Viewer, Hash = Ids.Hash(Ids.Secret()),
                InvitedBy = owner.UserId, CreatedAt = DateTimeOffset.UtcNow.AddMinutes(-i), ExpiresAt = DateTimeOffset.UtcNow.AddDays(7),
            }));
            await db.SaveChangesAsync();
        }

        var seen = new List<string>();
        var pages = (Sent + new PageRequest().Size - 1) / new PageRequest().Size;
        for (var page = 1; page <= pages; page++)
        {
            var (_, html) = await app.OpenAsync(owner, $"{AppUrls.Members(team.Slug)}?invitations={page}");
            seen.AddRange(Enumerable.Range(0, Sent).Select(i => $"guest-{i}@example.org").Where(a => html.Contains($">{a}<", StringComparison.Ordinal)));
            Assert.Equal(page < pages, html.Contains($"invitations={page + 1}\"", StringComparison.Ordinal));
        }

        Assert.True(pages > 1);
        Assert.Equal(Sent, seen.Count);
        Assert.Equal(Sent, seen.Distinct().Count());
    }

    [Fact]
    public async Task Form_AfterAnOwnerWasInvited_IsBackAtMember()
    {
        await using var app = new InProcessApp();
        var owner = await app.PersonAsync("ada@example.org", "Ada");
        var teams = app.Services.GetRequiredService<TeamService>();
        var team = (await teams.CreateAsync(owner, "Shop", default)).Value!;
        var grant = (await teams.GetAsync(owner, team.Slug, default)).Value!;
        await using var context = await PageContext.OpenAsync(app, owner);
        var form = context.Render<SentInvitations>(p => p.Add(x => x.Grant, grant));
        form.Find("#invite-email").Change("boss@example.org");
        form.Find("#invite-role").Change("Owner");
        Assert.Equal("Owner", form.Find("#invite-role").GetAttribute("value"));
        form.Find("form").Submit();
        form.WaitForAssertion(() => Assert.Contains("boss@example.org", form.Find("tbody").TextContent));
        Assert.Equal("Member", form.Find("#invite-role").GetAttribute("value"));
    }
}
