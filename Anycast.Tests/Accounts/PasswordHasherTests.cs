using Anycast.Core.Accounts;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using BC = BCrypt.Net.BCrypt;

namespace Anycast.Tests.Accounts;

/// <summary>Passwords as clause S02 and DESIGN promise 7 say.</summary>
[PolicyClause("S02")]
public sealed class PasswordHasherTests
{
    private static readonly User s_user = new();

    [Fact]
    public void Hash_OfAPassword_IsBcryptBehindOurSchemeAndNeverTwiceTheSame()
    {
        var hasher = Hasher(cost: 5);
        var hash = hasher.HashPassword(s_user, CoreHost.Password);
        Assert.StartsWith("anycast1$p1$$2", hash, StringComparison.Ordinal);
        Assert.Contains("$05$", hash, StringComparison.Ordinal);
        Assert.NotEqual(hash, hasher.HashPassword(s_user, CoreHost.Password));
        Assert.Equal(PasswordVerificationResult.Success, hasher.VerifyHashedPassword(s_user, hash, CoreHost.Password));
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(s_user, hash, CoreHost.Password + "x"));
    }

    [Fact]
    public void Cost_WhenNotConfigured_IsTwelve() => Assert.Equal(12, new AccountsOptions().BcryptCost);

    [Fact]
    public void Verify_WhenOnlyByte73Differs_Fails()
    {
        var hasher = Hasher();
        var stem = new string('a', 72);
        var hash = hasher.HashPassword(s_user, stem + "b");
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(s_user, hash, stem + "c"));
        Assert.Equal(PasswordVerificationResult.Success, hasher.VerifyHashedPassword(s_user, hash, stem + "b"));

        // The positive control: plain bcrypt does not see the difference.
        Assert.True(BC.Verify(stem + "c", BC.HashPassword(stem + "b", 4)));
    }

    [Fact]
    public void Verify_WhenOnlyWhatFollowsANulDiffers_Fails()
    {
        var hasher = Hasher();
        var hash = hasher.HashPassword(s_user, "same beginning\0one end");
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(s_user, hash, "same beginning\0other end"));
        Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(s_user, hash, "same beginning"));
    }

    [Fact]
    public void Verify_WhenComposedAndDecomposedFormsMeet_Succeeds()
    {
        var hasher = Hasher();
        const string composed = "gr\u00fcne Stra\u00dfe im M\u00e4rz";
        const string decomposed = "gru\u0308ne Stra\u00dfe im Ma\u0308rz";
        Assert.NotEqual(composed, decomposed);
        Assert.Equal(PasswordVerificationResult.Success, hasher.VerifyHashedPassword(s_user, hasher.HashPassword(s_user, composed), decomposed));
        Assert.Equal(PasswordVerificationResult.Success, hasher.VerifyHashedPassword(s_user, hasher.HashPassword(s_user, decomposed), composed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$")]
    [InlineData("$$$$")]
    [InlineData("anycast1$p1$")]
    [InlineData("anycast1$p1$$2a$04$tooshort")]
    [InlineData("anycast1$p1$$2a$xx$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("anycast1$p1$$2a$04$!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    [InlineData("anycast1$p1$$2z$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("anycast1$p1$$2a$-1$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("anycast1$p2$$2a$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("anycast9$p1$$2a$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("AQAAAAIAAYagAAAAEA==")]
    public void Verify_OfAMalformedHash_FailsAndDoesNotThrow(string hash) =>
        Assert.Equal(PasswordVerificationResult.Failed, Hasher().VerifyHashedPassword(s_user, hash, CoreHost.Password));

    [Theory]
    [InlineData("31")]
    [InlineData("15")]
    public void Verify_OfAHashWhoseCostIsTooHigh_IsRefusedWithoutTheWork(string cost)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var hash = $"anycast1$p1$$2a${cost}$" + new string('a', 53);
        Assert.Equal(PasswordVerificationResult.Failed, Hasher().VerifyHashedPassword(s_user, hash, CoreHost.Password));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), "A cost of 31 would take days.");
    }

    [Fact]
    public void Verify_WhenTheCostHasChanged_AsksForARehash()
    {
        var hash = Hasher(cost: 4).HashPassword(s_user, CoreHost.Password);
        Assert.Equal(PasswordVerificationResult.SuccessRehashNeeded, Hasher(cost: 5).VerifyHashedPassword(s_user, hash, CoreHost.Password));
    }

    [Fact]
    public void Verify_WithAPepperThatWasReplaced_SucceedsAndAsksForARehash()
    {
        var hash = With(new AccountsOptions { BcryptCost = 4, Pepper = "pepper" }).HashPassword(s_user, CoreHost.Password);
        var next = With(new AccountsOptions { BcryptCost = 4, Pepper = "another pepper", PepperId = "p2", OldPeppers = new() { ["p1"] = "pepper" } });
        Assert.Equal(PasswordVerificationResult.SuccessRehashNeeded, next.VerifyHashedPassword(s_user, hash, CoreHost.Password));
        Assert.Equal(PasswordVerificationResult.Failed, next.VerifyHashedPassword(s_user, hash, CoreHost.Password + "x"));
        var anew = next.HashPassword(s_user, CoreHost.Password);
        Assert.StartsWith("anycast1$p2$", anew, StringComparison.Ordinal);
        Assert.Equal(PasswordVerificationResult.Success, next.VerifyHashedPassword(s_user, anew, CoreHost.Password));
    }

    [Fact]
    [PolicyClause("S02")]
    public void Verify_WithAnotherPepper_Fails()
    {
        var hash = Hasher().HashPassword(s_user, CoreHost.Password);
        var other = With(new AccountsOptions { BcryptCost = 4, Pepper = "another" });
        Assert.Equal(PasswordVerificationResult.Failed, other.VerifyHashedPassword(s_user, hash, CoreHost.Password));
    }

    private static PasswordHasher Hasher(int cost = 4) => With(new AccountsOptions { BcryptCost = cost });

    private static PasswordHasher With(AccountsOptions options) => new(options, () => new byte[32]);
}
