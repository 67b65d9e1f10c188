using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Twelve characters, eight beside a second factor; and the second factor stays while the password needs it (DESIGN promise 7).</summary>
public sealed class ShortPasswordTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private const string Short = "Kuh9 Gras";

    [Theory, EveryDatabase]
    public async Task Password_OfNineCharacters_NeedsASecondFactorBesideIt(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var accounts = host.Get<AccountService>();
        var ada = await host.SignedInAsync();
        var refused = (await accounts.ChangePasswordAsync(ada, CoreHost.Password, Short, People.Link, default)).Failure!;
        Assert.Equal(("accounts.password_short", 12), (refused.Code, refused.Args[0]));

        await host.TurnOnSecondFactorAsync(ada);
        refused = (await accounts.ChangePasswordAsync(ada, CoreHost.Password, "Kuh Gra", People.Link, default)).Failure!;
        Assert.Equal(("accounts.password_short", 8), (refused.Code, refused.Args[0]));
        Assert.True((await accounts.ChangePasswordAsync(ada, CoreHost.Password, Short, People.Link, default)).IsOk);

        // Alone it would be too short.
        Assert.Equal("accounts.password_too_short_alone", (await host.Get<SecondFactorService>().DisableAsync(ada, People.Link, default)).Failure!.Code);
        Assert.NotNull((await host.Get<SecondFactorService>().StatusAsync(ada, default)).EnabledAt);
        Assert.True((await accounts.ChangePasswordAsync(ada, Short, "a long one once more", People.Link, default)).IsOk);
        Assert.True((await host.Get<SecondFactorService>().DisableAsync(ada, People.Link, default)).IsOk);
        await using var db = await host.OpenAsync();
        Assert.False((await db.Users.SingleAsync(u => u.Id == ada.UserId)).TwoFactorEnabled);
    }
}
