using System.Security.Cryptography;
using System.Text;
using Anycast.Core.Agents;
using Anycast.Core.Clusters;
using Anycast.Core.Teams;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Carrier;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Agents;

/// <summary>
/// Whoever steals the database gets no credential of any cluster (S03): of an agent's key it holds the public half, of an enrolment token the hash,
/// and what the agent uses towards its API server it never held.
/// </summary>
public sealed class CredentialsAtRestTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory, EveryDatabase]
    [PolicyClause("S03")]
    public async Task Database_AfterEnrolmentAndRotation_HoldsNoKeyAndNoToken(TestProvider provider)
    {
        await using var core = await CoreHost.StartAsync(provider, (services, configuration) => services.AddClusters().AddAgents(configuration));
        var owner = await core.ActorAsync();
        var team = (await core.Get<TeamService>().CreateAsync(owner, "Team", Ct)).Value!;
        var cluster = (await core.Get<ClusterService>().CreateAsync(owner, team.Slug, "Production", ClusterAccessKind.ReadOnly, Ct)).Value!;
        var (secrets, known) = (new List<string>(), new List<string>());
        for (var key = 0; key < 3; key++)
        {
            var token = (await core.Get<AgentService>().CreateTokenAsync(owner, team.Id, cluster.Id, Ct)).Value!.Text;
            using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var publicKey = Convert.ToBase64String(pair.ExportSubjectPublicKeyInfo());
            var hello = new AgentHello("hello", 1, publicKey, "the-uid", "v1.32.0", "0.1.0", 1, Token: token);
            Assert.NotNull((await core.Get<AgentAdmission>().DecideAsync(hello, true, null, Ct)).Admitted);
            secrets.AddRange([token, token[AgentService.TokenPrefix.Length..], .. PrivateHalf(pair)]);
            known.Add(publicKey);
            core.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var unused = (await core.Get<AgentService>().CreateTokenAsync(owner, team.Id, cluster.Id, Ct)).Value!.Text;
        secrets.Add(unused);

        var dump = await DatabaseBytes.AllAsync(core.Database);
        Assert.Empty(new SecretSearch(secrets).Find(dump));

        // The positive control: what may stand there is found by the same search.
        await using var db = await core.OpenAsync();
        known.AddRange(await db.EnrolmentTokens.Select(t => t.Hash).ToListAsync(Ct));
        Assert.Equal(7, known.Count);
        Assert.All(known, k => Assert.True(new SecretSearch(k).IsIn(dump), k));
        Assert.Equal(2, await db.Agents.CountAsync(a => a.RevokedAt == null, Ct)); // the third key has ended the first
    }

    [Fact]
    [PolicyClause("S03", "D09")]
    public async Task Files_OfTheService_AfterARealAgentRotatedItsKey_HoldNothingThatOpensTheCluster()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var secrets = new List<string> { world.Sandbox.AgentToken, world.Sandbox.AdminToken };
        var token = await world.TokenAsync();
        var agent = world.StartAgent(token);
        await ConnectedAsync(world, null);
        var first = world.Core.Get<AgentConnections>().Find(world.Cluster.Id)!.AgentId;
        secrets.AddRange([token, .. PrivateHalf(agent.State)]);
        await Eventually.TrueAsync(() => File.Exists(Path.Combine(agent.State, "enrolment.json")), "the agent has noted its enrolment");
        await agent.StopAsync();

        token = await world.TokenAsync();
        agent = world.StartAgent(token, agent.State);
        await ConnectedAsync(world, first);
        await Eventually.TrueAsync(() => Directory.GetFiles(agent.State, "agent-key-*.pem").All(f => new FileInfo(f).Length == 0), "the new key is in its place");
        secrets.AddRange([token, .. PrivateHalf(agent.State)]);

        var files = await DatabaseBytes.FilesAsync(world.Core.Database.Directory);
        Assert.Empty(new SecretSearch(secrets).Find(files));
        Assert.True(new SecretSearch(world.Cluster.Id.ToString(), world.Owner.Email).IsIn(files));

        // They are where they belong: the same search finds them in the cluster.
        Assert.True(new SecretSearch(PrivateHalf(agent.State)).IsIn(await File.ReadAllBytesAsync(Path.Combine(agent.State, "agent-key.pem"), Ct)));
    }

    private static Task ConnectedAsync(ConnectedCluster world, Guid? other) =>
        Eventually.TrueAsync(() => world.Core.Get<AgentConnections>().Find(world.Cluster.Id) is { } c && c.AgentId != other, "the agent is connected", TimeSpan.FromSeconds(40));

    private static string[] PrivateHalf(string state)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(state, "agent-key.pem")));
        return PrivateHalf(key);
    }

    /// <summary>The private number itself, as text that the search turns into every encoding; and the lines of the PEM that it is written in.</summary>
    private static string[] PrivateHalf(ECDsa key)
    {
        var pem = key.ExportPkcs8PrivateKeyPem().Split('\n').Where(l => l.Length > 20 && !l.StartsWith("-----", StringComparison.Ordinal));
        var number = key.ExportParameters(includePrivateParameters: true).D!;
        return [.. pem, Convert.ToHexStringLower(number), Convert.ToBase64String(number), Encoding.Latin1.GetString(number)];
    }
}
