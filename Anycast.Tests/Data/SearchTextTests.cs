using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Operators;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Data;

/// <summary>A search finds letters of either case, beyond those of English too, on both databases.</summary>
public sealed class SearchTextTests
{
    [Theory, EveryDatabase]
    public async Task Search_InAnyCase_FindsUmlautsAndTakesSignsOfPatternsAsTheyAre(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => services.AddOperators());
        var chief = await host.SignedInAsync("chief@example.org", PlatformRoles.Operator);
        var person = await host.SignedInAsync("aenne@example.org");
        await using (var db = await host.OpenAsync())
        {
            await db.Users.Where(u => u.Id == person.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.Name, "Änne Müller"));
        }

        var team = (await host.Get<TeamService>().CreateAsync(person with { Name = "Änne Müller" }, "Größe & Öl 100%", default)).Value!;
        foreach (var typed in new[] { "müller", "MÜLLER", " Änne ", "ÄNNE", "aenne@EXAMPLE" })
        {
            Assert.Equal(person.UserId, Assert.Single((await host.Get<UserDirectory>().ListAsync(chief, typed, new PageRequest(), default)).Value!.Items).Id);
        }

        foreach (var typed in new[] { "ÖL", "öl", "GRÖ", "100%" })
        {
            Assert.Equal(team.Id, Assert.Single((await host.Get<TeamDirectory>().ListAsync(chief, typed, new PageRequest(), default)).Value!.Items).Id);
            Assert.Equal("teams.create", Assert.Single((await host.Get<ActivityLog>().OwnAsync(person, new ActivityFilter(typed), new PageRequest(), default)).Items).Operation);
        }

        foreach (var typed in new[] { "m_ller", "%", "10%0" })
        {
            Assert.Empty((await host.Get<UserDirectory>().ListAsync(chief, typed, new PageRequest(), default)).Value!.Items);
        }

        Assert.NotEmpty((await host.Get<TeamService>().ActivityAsync(person, team.Slug, new ActivityFilter("MÜLLER"), new PageRequest(), default)).Value!.Items);
    }
}
