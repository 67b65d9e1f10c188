using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>What the page shows after an act that was not done: what holds, not what was clicked.</summary>
[Collection(JourneyCollection.Name)]
public sealed class RefusedActTests(BrowserFixture browser)
{
    private static readonly Dictionary<string, string?> s_settings = new(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" };

    [Fact]
    [PolicyClause("D03", "D11")]
    public async Task Right_WhoseProofWasCancelled_IsShownAsNotGiven()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var owner = await browser.VisitAsync(app.Address);
        var page = owner.Page;
        await owner.SignInAsync();
        await owner.GoAsync("/me/teams/new");
        await page.Locator("#input-name").FillAsync("Engines");
        await page.Locator("main form button[type=submit]").ClickAsync();
        await page.WaitForURLAsync("**/t/*");
        await PrepareAsync(app);

        await owner.GoAsync("/operator/users");
        await owner.LiveAsync();
        var support = page.GetByLabel("Grace Hopper: Support");
        for (var time = 0; time < 2; time++) // The second time, what is bound has changed as little as before.
        {
            await support.ClickAsync();
            await CancelAsync(page);
            await Assertions.Expect(support).Not.ToBeCheckedAsync();
            await Assertions.Expect(support).ToBeEnabledAsync();
        }

        await owner.ShotAsync("operator-users");
        await owner.GoAsync("/t/engines/members");
        await owner.LiveAsync();
        var role = page.GetByLabel("Role of Grace Hopper");
        for (var time = 0; time < 2; time++)
        {
            // An owner is not made by a slip of the wheel: asked first, and "no" leaves everything as it was.
            await role.SelectOptionAsync("Owner");
            await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync("Make Grace Hopper an owner");
            await CancelAsync(page);
            await Assertions.Expect(role).ToHaveValueAsync("Member");

            await role.SelectOptionAsync("Owner");
            await page.Locator(".mud-dialog button").Last.ClickAsync();
            await page.Locator("#step-up-form").WaitForAsync();
            await CancelAsync(page);
            await Assertions.Expect(role).ToHaveValueAsync("Member");
        }

        // What needs no proof is done, and stays.
        await role.SelectOptionAsync("Viewer");
        await Assertions.Expect(page.Locator("tr", new() { HasText = "grace@example.org" }).Locator(".chip").First).ToHaveTextAsync("Viewer");
        await Assertions.Expect(role).ToHaveValueAsync("Viewer");
        owner.AssertNoTrouble();
    }

    private static async Task CancelAsync(IPage page)
    {
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);
    }

    /// <summary>Grace, a member of the only team, and proofs that are older than what lasts: written into the database beside the product.</summary>
    private static async Task PrepareAsync(AppProcess app)
    {
        var options = new DbContextOptionsBuilder<SqliteDbContext>();
        DataSetup.ConfigureSqlite(options, Path.Combine(app.Data, DataSetup.SqliteFile));
        await using var db = new SqliteDbContext(options.Options);
        var grace = await db.Users.AsNoTracking().SingleAsync();
        (grace.Id, grace.Name, grace.Roles) = (Guid.NewGuid(), "Grace Hopper", PlatformRoles.User);
        (grace.Email, grace.UserName) = ("grace@example.org", "grace@example.org");
        (grace.NormalizedEmail, grace.NormalizedUserName) = ("GRACE@EXAMPLE.ORG", "GRACE@EXAMPLE.ORG");
        db.Users.Add(grace);
        db.Memberships.Add(new Membership { TeamId = await db.Teams.Select(t => t.Id).SingleAsync(), UserId = grace.Id, Role = TeamRole.Member, JoinedAt = DateTimeOffset.UtcNow });
        await db.SaveChangesAsync();
        var before = DateTimeOffset.UtcNow - StepUpService.Lasts - TimeSpan.FromMinutes(1);
        await db.Sessions.ExecuteUpdateAsync(s => s.SetProperty(x => x.ProvenAt, before));
    }
}
