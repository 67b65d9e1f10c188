using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Agents;

/// <summary>Keys and tokens in the web host (S03): its own keys lie sealed beside what they protect, and a token in an address reaches no log.</summary>
public sealed class CredentialsInWebTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S03")]
    public async Task KeyRing_OfTheHost_LiesSealedInTheDatabaseAndRotates()
    {
        await using var app = new InProcessApp();
        using var client = app.CreateClient();
        var protector = app.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("test");
        var before = protector.Protect("something");
        app.Services.GetRequiredService<IKeyManager>().CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));

        await using var db = await app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync(Ct);
        var keys = await db.DataProtectionKeys.AsNoTracking().Select(k => k.Xml!).ToListAsync(Ct);
        Assert.True(keys.Count >= 2, $"{keys.Count} keys");
        Assert.All(keys, xml =>
        {
            Assert.Contains("<sealed", xml, StringComparison.Ordinal);
            Assert.DoesNotContain("masterKey", xml, StringComparison.Ordinal); // the element that holds a key in clear
        });
        Assert.Equal("something", protector.Unprotect(before)); // what an earlier key protected is still read
    }

    [Fact]
    [PolicyClause("S03")]
    public async Task Token_InTheAddressOfAManifest_ReachesNoLogAndNoFile()
    {
        const string token = "ace_CanaryTokenThatNobodyMayWriteDown0123456789";
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>
        {
            ["Anycast:Agent:Image"] = "registry.example.org/anycast/agent@sha256:" + new string('a', 64),
        });
        using (var answer = await app.Client.GetAsync("/agent/install/" + token, Ct))
        {
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        }

        await Eventually.TrueAsync(() => app.Log.Contains("setup code", StringComparison.Ordinal), "the log is written");
        await app.KillAsync();
        var search = new SecretSearch(token);
        Assert.Empty(search.Find(app.Log));
        Assert.All(Directory.GetFiles(app.Data, "*", SearchOption.AllDirectories), f => Assert.Empty(search.Find(File.ReadAllBytes(f))));
    }
}
