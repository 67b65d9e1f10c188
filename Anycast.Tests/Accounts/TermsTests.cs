using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Terms are accepted with version and time, and asked again when they change (U10).</summary>
public sealed class TermsTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private static readonly Func<string, Uri> s_link = path => new Uri(new Uri("https://anycast.example.org"), path);

    [Theory, EveryDatabase]
    public async Task Register_WithoutTheTermsThatHold_IsRefusedAndKeepsNothing(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        foreach (var terms in new[] { null, "", "2001-01-01" })
        {
            var done = await host.Get<AccountService>().RegisterAsync(new Registration("unwilling@example.org", "Una", CoreHost.Password, "en", terms), "192.0.2.1", s_link, default);
            Assert.Equal("accounts.terms_missing", done.Failure!.Code);
        }

        await using var db = await host.OpenAsync();
        Assert.False(await db.Users.AnyAsync(u => u.NormalizedEmail == "UNWILLING@EXAMPLE.ORG"));
    }

    [Theory, EveryDatabase]
    public async Task Register_WithTheTerms_KeepsVersionTimeAndWay(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var service = host.Get<TermsService>();
        Assert.True((await host.Get<AccountService>().RegisterAsync(new Registration("willing@example.org", "Will", CoreHost.Password, "en", service.Current), "192.0.2.1", s_link, default)).IsOk);
        await using var db = await host.OpenAsync();
        var user = await db.Users.SingleAsync(u => u.NormalizedEmail == "WILLING@EXAMPLE.ORG");
        var proof = await db.TermsAcceptances.SingleAsync(a => a.UserId == user.Id);
        Assert.Equal((service.Current, "registration", "192.0.2.1", host.Clock.GetUtcNow()), (proof.Version, proof.Source, proof.Ip, proof.AcceptedAt));
        Assert.False((await service.StateAsync(ActorFactory.For(user), default)).IsOwed);
    }

    [Theory, EveryDatabase]
    public async Task NewVersion_IsOwedUntilItIsAccepted_AndBothStayInTheLedger(TestProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        Actor actor;
        await using (var before = CoreHost.Start(database, settings: new Dictionary<string, string?> { ["Anycast:Terms:Version"] = "1" }))
        {
            actor = await before.ActorAsync();
            Assert.True((await before.Get<TermsService>().AcceptAsync(actor, "1", default)).IsOk);
            Assert.False((await before.Get<TermsService>().StateAsync(actor, default)).IsOwed);
        }

        await using var after = CoreHost.Start(database, settings: new Dictionary<string, string?> { ["Anycast:Terms:Version"] = "2" });
        var service = after.Get<TermsService>();
        Assert.Equal(new TermsState("2", "1", true), await service.StateAsync(actor, default));
        Assert.Equal("accounts.terms_changed", (await service.AcceptAsync(actor, "1", default)).Failure!.Code);
        after.Clock.Advance(TimeSpan.FromMinutes(1));
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => service.AcceptAsync(actor, "2", default)));
        Assert.True((await service.AcceptAsync(actor, "2", default)).IsOk);
        Assert.Equal(new TermsState("2", "2", false), await service.StateAsync(actor, default));
        Assert.Equal(["2", "1"], (await service.HistoryAsync(actor, default)).Select(a => a.Version).Distinct());
    }

    [Fact]
    public async Task Operators_WhoSetTheTerms_AreNotAsked()
    {
        var host = await world.OnAsync(TestProvider.Sqlite);
        var actor = await host.ActorAsync(roles: PlatformRoles.Operator);
        Assert.False((await host.Get<TermsService>().StateAsync(actor, default)).IsOwed);
        Assert.Equal(FailureKind.Forbidden, (await host.Get<TermsService>().AcceptAsync(Actor.Anonymous, host.Get<TermsService>().Current, default)).Failure!.Kind);
    }
}
