using Anycast.Core.Accounts;

namespace Anycast.Tests.Accounts;

/// <summary>What names, addresses and passwords must be.</summary>
public sealed class AccountRulesTests
{
    [Theory]
    [InlineData("person@example.org")]
    [InlineData("first.last+tag@sub.example.org")]
    [InlineData("ä@example.org")]
    public void CheckEmail_OfAnAddress_Passes(string email) => Assert.Null(AccountRules.CheckEmail(email));

    [Theory]
    [InlineData("")]
    [InlineData("nobody")]
    [InlineData("@example.org")]
    [InlineData("person@")]
    [InlineData("Name <person@example.org>")]
    [InlineData("one@example.org, two@example.org")]
    [InlineData("\"a b\"@example.org")]
    [InlineData("person@example.org\r\nBcc: everybody@example.org")]
    [InlineData("person @example.org")]
    public void CheckEmail_OfAnythingElse_Fails(string email) => Assert.Equal("accounts.email_invalid", AccountRules.CheckEmail(email)!.Code);

    [Theory]
    [InlineData("elevenchars", "accounts.password_short")]
    [InlineData("123456789012", "accounts.password_common")]
    [InlineData("PasswordPassword", "accounts.password_common")]
    [InlineData("aaaaaaaaaaaaaaaa", "accounts.password_common")]
    [InlineData("sunshine2024!", "accounts.password_common")]
    [InlineData("Liverpool12345", "accounts.password_common")]
    [InlineData("sunshinesunshine", "accounts.password_common")]
    [InlineData("jennifer12345", "accounts.password_common")]
    [InlineData("Jennifer  Miller", "accounts.password_common")]
    [InlineData("Jennifer@Example.org", "accounts.password_common")]
    [InlineData("karl@example.org", "accounts.password_common")]
    [InlineData("welcome12345", "accounts.password_common")]
    [InlineData("Sommer2024!!", "accounts.password_common")]
    [InlineData("anycast anycast", "accounts.password_common")]
    [InlineData("Anycast-2026-11", "accounts.password_common")]
    public void CheckPassword_OfAWeakOne_SaysWhy(string password, string code) =>
        Assert.Equal(code, AccountRules.CheckPassword(password, "jennifer@example.org", "Jennifer Miller")!.Code);

    [Theory]
    [InlineData("twelve chars")]
    [InlineData("welcome to the machine")]
    [InlineData("sommer am see 12")]
    [InlineData("xK9@f2.Lq!7w#Zt")]
    [InlineData("84213 90177 5523")]
    [InlineData("sinnlose grüne Ideen schlafen")]
    [InlineData("🦊🦊🐢🐢🦔🦔🐸🐸🐙🐙🦀🦀")]
    public void CheckPassword_OfAGoodOne_AsksForNoComposition(string password) => Assert.Null(AccountRules.CheckPassword(password, "jennifer@example.org", "Jennifer"));

    [Fact]
    public void CheckPassword_OfItsLength_HoldsBothEnds()
    {
        Assert.Null(AccountRules.CheckPassword("ab cd ef gh ij kl" + new string('x', 111), "", ""));
        Assert.Equal("accounts.password_long", AccountRules.CheckPassword("ab cd ef gh ij kl" + new string('x', 112), "", "")!.Code);
    }

    [Fact]
    public void CommonPasswords_Offline_AreTheThousands() => Assert.True(CommonPasswords.Count > 15_000);
}
