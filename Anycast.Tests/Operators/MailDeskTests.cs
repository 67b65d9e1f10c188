using System.Xml.Linq;
using Anycast.Core.Accounts.Beta;
using Anycast.Core.Common;
using Anycast.Core.Operators;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Operators;

/// <summary>Operators see how each mail looks, and how many take part in what is not for everybody yet.</summary>
public sealed class MailDeskTests
{
    [Fact]
    public async Task Preview_InBothLanguages_HoldsEveryMailOfTheProductAndNobodyReal()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, (services, _) => services.AddOperators());
        var ada = await host.ActorAsync();
        Assert.Equal(Failure.Forbidden, (await host.Get<MailDesk>().PreviewAsync(ada, "de", default)).Failure);
        var actor = await host.ActorAsync("somebody.real@example.net", PlatformRoles.Operator);
        var templates = Names("Accounts/AccountMailText.resx", ".Subject").Concat(Names("Notifications/NotificationText.resx", ".Title")).ToList();
        Assert.True(templates.Count > 15);
        foreach (var language in new[] { "en", "de" })
        {
            var found = (await host.Get<MailDesk>().PreviewAsync(actor, language, default)).Value!;
            Assert.Empty(templates.Except(found.Select(p => p.Name))); // A new mail needs its sample.
            Assert.All(found, p =>
            {
                Assert.All([p.Subject, p.Text, p.Html], text => Assert.DoesNotMatch("\\{\\d|example\\.net", text));
                Assert.Contains($"<html lang=\"{language}\">", p.Html, StringComparison.Ordinal);
                Assert.Contains(language == "de" ? "Guten Tag" : "Hello", p.Text, StringComparison.Ordinal);
            });
        }
    }

    [Theory, EveryDatabase]
    [PolicyClause("D08")]
    public async Task Counts_OfBetaFeatures_NameNobody(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => services.AddOperators());
        var actors = new[] { await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync() };
        foreach (var actor in actors)
        {
            Assert.True((await host.Get<BetaService>().EnrolAsync(actor, "activity-api", default)).IsOk);
        }

        Assert.True((await host.Get<BetaService>().LeaveAsync(actors[0], "activity-api", default)).IsOk);
        await using (var db = await host.OpenAsync())
        {
            await db.Users.Where(u => u.Id == actors[1].UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.DeletedAt, host.Clock.GetUtcNow()));
        }

        Assert.Equal(Failure.Forbidden, (await host.Get<BetaDirectory>().CountAsync(actors[2], default)).Failure);
        var counts = (await host.Get<BetaDirectory>().CountAsync(await host.ActorAsync(roles: PlatformRoles.Operator), default)).Value!;
        Assert.Equal(new BetaCount(BetaCatalogue.ActivityApi, 2, 1), Assert.Single(counts));
        Assert.Equal(["Feature", "In", "Left"], typeof(BetaCount).GetProperties().Select(p => p.Name).Order());
    }

    private static IEnumerable<string> Names(string file, string ending) => XDocument.Load(RepositoryRoot.At("Anycast.Core", file)).Root!.Elements("data")
        .Select(d => d.Attribute("name")!.Value).Where(n => n.EndsWith(ending, StringComparison.Ordinal)).Select(n => n[..^ending.Length]);
}
