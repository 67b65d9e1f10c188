using Anycast.Core.Accounts.Profile;
using Anycast.Core.Common;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Accounts;

/// <summary>Preferences stand with the account.</summary>
public sealed class PreferenceTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    public async Task Set_OfEachPreference_ChangesThatOneAlone(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var service = host.Get<PreferenceService>();
        var actor = await host.ActorAsync();
        Assert.Equal(new UserPreferences("en", null, null, null, null), await service.GetAsync(actor, default));
        foreach (var change in new PreferenceChange[] { new(Scheme: "dark"), new(Density: "compact"), new(Rail: "closed"), new(TimeZone: "Europe/Berlin"), new(Language: "de") })
        {
            Assert.True((await service.SetAsync(actor, change, default)).IsOk);
        }

        Assert.Equal(new UserPreferences("de", "dark", "compact", "closed", "Europe/Berlin"), await service.GetAsync(actor, default));
        Assert.True((await service.SetAsync(actor, new PreferenceChange(TimeZone: ""), default)).IsOk);
        Assert.Equal(new UserPreferences("de", "dark", "compact", "closed", null), await service.GetAsync(actor, default));
        Assert.Equal(new UserPreferences("en", null, null, null, null), await service.GetAsync(await host.ActorAsync(), default));
    }

    [Theory]
    [InlineData("xx", null, null, null)]
    [InlineData(null, "\"><script>", null, null)]
    [InlineData(null, null, "huge", null)]
    [InlineData(null, null, null, "Mars/Olympus")]
    [InlineData(null, null, null, "W. Europe Standard Time")]
    [InlineData(null, null, null, "../../etc/passwd")]
    public async Task Set_OfWhatDoesNotExist_IsRefused(string? language, string? scheme, string? density, string? zone)
    {
        var host = await world.OnAsync(TestProvider.Sqlite);
        var actor = await host.ActorAsync();
        var done = await host.Get<PreferenceService>().SetAsync(actor, new PreferenceChange(language, scheme, density, TimeZone: zone), default);
        Assert.Equal("accounts.preference_unknown", done.Failure!.Code);
        Assert.Equal(new UserPreferences("en", null, null, null, null), await host.Get<PreferenceService>().GetAsync(actor, default));
    }

    [Fact]
    public async Task Set_ByNobodyOrAToken_ChangesNothing()
    {
        var host = await world.OnAsync(TestProvider.Sqlite);
        var actor = await host.ActorAsync();
        foreach (var other in new[] { Actor.Anonymous, actor with { Kind = ActorKind.ApiToken } })
        {
            Assert.Equal(FailureKind.NotFound, (await host.Get<PreferenceService>().SetAsync(other, new PreferenceChange(Scheme: "dark"), default)).Failure!.Kind);
        }

        Assert.Null((await host.Get<PreferenceService>().GetAsync(actor, default)).Scheme);
    }
}
