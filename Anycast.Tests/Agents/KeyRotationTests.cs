using Anycast.Agent;
using Anycast.Core.Agents;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Carrier;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Agents;

/// <summary>A new token on the same cluster, as when its manifest is applied again: a new key, and no agent lost on the way.</summary>
public sealed class KeyRotationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("D09", "S03")]
    public async Task NewToken_OfAnEnrolledAgent_GivesItANewKeyAndTheOldOneCanBeRevoked()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = world.StartAgent(await world.TokenAsync());
        var first = await ConnectedAsync(world);
        var oldKey = await KeyAsync(agent);
        await NotedAsync(agent);
        await agent.StopAsync();

        agent = world.StartAgent(await world.TokenAsync(), agent.State);
        var second = await ConnectedAsync(world, after: first);
        var newKey = await KeyAsync(agent);
        Assert.NotEqual(oldKey, newKey);
        Assert.All(Directory.GetFiles(agent.State), f => Assert.DoesNotContain(oldKey, File.ReadAllText(f), StringComparison.Ordinal));
        await using (var db = await world.Core.OpenAsync())
        {
            Assert.Equal([first, second], await db.Agents.Where(a => a.RevokedAt == null).OrderBy(a => a.CreatedAt).Select(a => a.Id).ToListAsync(Ct));
        }

        // The old key ends, and the tunnel of the new one does not even notice.
        Assert.True((await world.Agents.RevokeAsync(world.Owner, world.Team.Id, world.Cluster.Id, first, Ct)).IsOk);
        Assert.Equal(second, world.Core.Get<AgentConnections>().Find(world.Cluster.Id)?.AgentId);

        // From now on it needs no token.
        await agent.StopAsync();
        await Eventually.TrueAsync(() => world.Core.Get<AgentConnections>().Find(world.Cluster.Id) is null, "it is gone");
        agent = world.StartAgent(null, agent.State);
        Assert.Equal(second, await ConnectedAsync(world));
        Assert.Equal(newKey, await KeyAsync(agent));
    }

    [Fact]
    [PolicyClause("S03", "D09")]
    public async Task OldKey_OnceTheNewOneHasLasted_EndsByItselfAndTheTeamIsTold()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = world.StartAgent(await world.TokenAsync());
        var first = await ConnectedAsync(world);
        await NotedAsync(agent);
        await agent.StopAsync();
        agent = world.StartAgent(await world.TokenAsync(), agent.State);
        var second = await ConnectedAsync(world, after: first);
        await KeyAsync(agent);

        // Too soon; and while the new key is away, it has not shown that it lasts.
        var maintenance = world.Core.Get<AgentMaintenance>();
        world.Clock.Advance(TimeSpan.FromMinutes(8));
        await maintenance.RunAsync(Ct);
        Assert.Equal([first, second], await LiveAsync(world));
        await agent.StopAsync();
        await Eventually.TrueAsync(() => world.Core.Get<AgentConnections>().Find(world.Cluster.Id) is null, "it is gone");
        world.Clock.Advance(TimeSpan.FromMinutes(30));
        await maintenance.RunAsync(Ct);
        Assert.Equal([first, second], await LiveAsync(world));
        var shown = (await world.Agents.ListAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value!;
        Assert.Equal([false, true], shown.Select(v => v.EndsFrom is not null));

        world.StartAgent(null, agent.State);
        Assert.Equal(second, await ConnectedAsync(world));
        world.Clock.Advance(AgentLimits.SeenEvery);
        await maintenance.RunAsync(Ct);

        // Ended, not deleted; the tunnel stands; and the team's stream tells it, in nobody's name.
        Assert.Equal([second], await LiveAsync(world));
        Assert.Equal(second, world.Core.Get<AgentConnections>().Find(world.Cluster.Id)?.AgentId);
        await using var db = await world.Core.OpenAsync();
        Assert.NotNull((await db.Agents.SingleAsync(a => a.Id == first, Ct)).RevokedAt);
        var told = await db.TeamActivityEntries.SingleAsync(e => e.Operation == "agents.supersede", Ct);
        Assert.Equal((world.Team.Id, Guid.Empty, world.Cluster.Id.ToString()), (told.TeamId, told.UserId, told.TargetId));
    }

    private static async Task<List<Guid>> LiveAsync(ConnectedCluster world)
    {
        await using var db = await world.Core.OpenAsync();
        return await db.Agents.Where(a => a.RevokedAt == null).OrderBy(a => a.CreatedAt).Select(a => a.Id).ToListAsync(Ct);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RevokedAgent_WithANewToken_ComesBackWithANewKey(bool noted)
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = world.StartAgent(await world.TokenAsync());
        var first = await ConnectedAsync(world);
        await NotedAsync(agent);
        Assert.True((await world.Agents.RevokeAsync(world.Owner, world.Team.Id, world.Cluster.Id, first, Ct)).IsOk);
        Assert.Equal(AgentHost.Refused, await agent.Ended.WaitAsync(TimeSpan.FromSeconds(20), Ct));

        if (!noted)
        {
            // As if the agent had been killed between the verdict and its note of it.
            File.Delete(Path.Combine(agent.State, "enrolment.json"));
        }

        world.StartAgent(await world.TokenAsync(), agent.State);
        Assert.NotEqual(first, await ConnectedAsync(world));
    }

    [Fact]
    public async Task WorthlessToken_OfAnEnrolledAgent_CostsItNothing()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = world.StartAgent(await world.TokenAsync());
        var first = await ConnectedAsync(world);
        await NotedAsync(agent);
        await agent.StopAsync();
        await Eventually.TrueAsync(() => world.Core.Get<AgentConnections>().Find(world.Cluster.Id) is null, "it is gone");

        agent = world.StartAgent("ace_nothingthatwaseverissued", agent.State);
        Assert.Equal(first, await ConnectedAsync(world));
        Assert.Contains("Going on with the key from before", agent.Log, StringComparison.Ordinal);
    }

    private static async Task<Guid> ConnectedAsync(ConnectedCluster world, Guid? after = null)
    {
        var connections = world.Core.Get<AgentConnections>();
        await Eventually.TrueAsync(() => connections.Find(world.Cluster.Id) is { } c && c.AgentId != after, "the agent is connected", TimeSpan.FromSeconds(40));
        return connections.Find(world.Cluster.Id)!.AgentId;
    }

    /// <summary>The service knows of a connection a moment before the agent has noted as whom it was let in.</summary>
    private static Task NotedAsync(RunningAgent agent) =>
        Eventually.TrueAsync(() => File.Exists(Path.Combine(agent.State, "enrolment.json")), "the agent has noted its enrolment");

    /// <summary>The key as the agent keeps it, once it lies in its place.</summary>
    private static async Task<string> KeyAsync(RunningAgent agent)
    {
        await Eventually.TrueAsync(() => Directory.GetFiles(agent.State, "agent-key-*.pem").All(f => new FileInfo(f).Length == 0), "the key is in its place");
        return await File.ReadAllTextAsync(Path.Combine(agent.State, "agent-key.pem"), Ct);
    }
}
