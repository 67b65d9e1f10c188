using System.Net;
using Anycast.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace Anycast.Tests.Data.Keys;

/// <summary>A service whose master key is missing says so and touches nothing; with the key back it is as it was.</summary>
public sealed class MissingKeyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S03")]
    public async Task Start_WithAnotherMasterKey_IsNotReadyNamesTheMissingOneAndChangesNothing()
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>
        {
            ["Anycast:Setup:OperatorEmail"] = "op@example.org",
            ["Anycast:Setup:OperatorPassword"] = CoreHost.Password,
        });
        using (var page = await app.Client.GetAsync("/account/login", Ct))
        {
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        var file = Path.Combine(app.Data, "keys", "master.key");
        var right = await File.ReadAllTextAsync(file, Ct);
        await app.KillAsync();
        var before = await KeysAsync(app);
        Assert.Equal(5, before.Count); // four of the service, one of the ring

        await File.WriteAllTextAsync(file, KeyHosts.NewKey(), Ct);
        app.Launch();
        await Eventually.TrueAsync(async () => await StatusAsync(app, "/health/live") == HttpStatusCode.OK, "it lives", TimeSpan.FromSeconds(90));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(app, "/health/ready"));
        Assert.Contains($"The master key {KeyHosts.IdOf(right)} is missing", app.Log, StringComparison.Ordinal);
        await StatusAsync(app, "/account/login"); // a form needs the ring
        await app.KillAsync();
        Assert.Equal(before, await KeysAsync(app));

        // The old one becomes readable beside the new one: that is all a rotation with one process takes.
        await File.WriteAllTextAsync(Path.Combine(app.Data, "keys", "earlier.key"), right, Ct);
        await app.RestartAsync();
        await Eventually.TrueAsync(async () => !(await KeysAsync(app)).Any(k => k.Contains(KeyHosts.IdOf(right), StringComparison.Ordinal)), "the start wraps everything anew", TimeSpan.FromSeconds(60));
        await app.KillAsync();
        File.Delete(Path.Combine(app.Data, "keys", "earlier.key"));
        await app.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "/account/login"));
        Assert.Equal(before.Count, (await KeysAsync(app)).Count);
    }

    private static async Task<HttpStatusCode?> StatusAsync(AppProcess app, string path)
    {
        try
        {
            using var answer = await app.Client.GetAsync(path, Ct);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task<List<string>> KeysAsync(AppProcess app)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(app.Data, "anycast.db")};Pooling=False");
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = """SELECT "Purpose" || ' ' || "KeyId" || ' ' || hex("WrappedKey") FROM "ServiceKeys" UNION ALL SELECT "Xml" FROM "DataProtectionKeys" ORDER BY 1""";
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var keys = new List<string>();
        while (await reader.ReadAsync(Ct))
        {
            keys.Add(reader.GetString(0));
        }

        return keys;
    }
}
