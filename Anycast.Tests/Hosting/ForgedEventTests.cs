using System.Text;
using Anycast.Agent;
using Anycast.Core.Activity;
using Anycast.Core.Agents;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Sandbox;
using Anycast.Tests.Clusters;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Anycast.Tests.Harness.Circuits;
using Anycast.Tunnel.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Hosting;

/// <summary>
/// Events that no page offers (T13): of buttons that are hidden or disabled, by numbers of handlers of another circuit, after a role was lost, and
/// the same one fifty times. By a client on the real hub; the effects are counted in the database and at the cluster.
/// </summary>
public sealed class ForgedEventTests
{
    private static readonly (string Name, string Arguments)[] s_events =
    [
        ("click", "{\"type\":\"click\",\"detail\":1}"),
        ("submit", "{\"type\":\"submit\"}"),
        ("input", "{\"type\":\"input\",\"value\":\"forged\"}"),
        ("change", "{\"type\":\"change\",\"value\":\"Owner\"}"),
        ("keydown", "{\"type\":\"keydown\",\"key\":\"Enter\",\"code\":\"Enter\"}"),
    ];

    [Fact]
    public Task Events_ThatAreForged_HaveNoEffectThatTheirSenderMayNotHave() => ForgeAsync(1_000);

    [Fact]
    [Trait("Category", "Long")]
    public Task Events_TenThousandForged_HaveNoEffectThatTheirSenderMayNotHave() => ForgeAsync(10_000, "10,000 forged circuit events: hidden and disabled buttons, handlers of other circuits, after the role was lost");

    [Fact]
    public async Task Approve_FiftyTimesBeforeThePageIsDrawnAnew_HasOneEffect()
    {
        await using var world = await World.StartAsync();
        var proposal = await world.ProposeAsync();
        await using var circuit = await world.Site.OpenAsync($"/t/{world.Team.Slug}/proposals/{proposal.Id}", world.Owner.Cookie);
        var approve = await circuit.HandlerAsync(h => h.Attributes.ContainsKey("data-approve") && h.Event == "click", "the button that approves");
        var answers = new List<Task>();
        for (var i = 0; i < 50; i++)
        {
            answers.Add((await circuit.SendEventAsync(approve.Id, "click")).Answer);
        }

        await Task.WhenAll(answers).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await world.StateAsync(proposal.Id) == ProposalState.Executed, "the change was made", TimeSpan.FromSeconds(60));
        Assert.Equal(1, world.Writes);
        await using var db = await world.Site.OpenAsync();
        Assert.Equal(1, await db.ActivityEntries.Where(e => e.Operation == "proposals.approve" && e.Result == ActivityResult.Done).SumAsync(e => e.Count));
    }

    private static async Task ForgeAsync(int events, string? figure = null)
    {
        await using var world = await World.StartAsync();
        var proposal = await world.ProposeAsync();
        var pages = new[] { $"/t/{world.Team.Slug}/settings", $"/t/{world.Team.Slug}/proposals/{proposal.Id}", $"/t/{world.Team.Slug}/c/{world.Cluster.Slug}/agent" };

        Func<PageHandler, bool>[] shown = [h => h.Attributes.ContainsKey("aria-pressed"), h => h.Attributes.ContainsKey("data-approve"), _ => true];

        // Handlers of the owner's own circuits: what a thief of numbers would use.
        var foreign = new HashSet<ulong>();
        foreach (var (page, which) in pages.Zip(shown))
        {
            await using var circuit = await world.Site.OpenAsync(page, world.Owner.Cookie);
            await circuit.HandlerAsync(which, page);
            foreign.UnionWith(circuit.Handlers.Select(h => h.Id));
        }

        var (sent, ran, effects) = (0, 0, 0);
        for (var round = 0; sent < events; round++)
        {
            // A viewer all along, somebody who was an admin when the page was drawn, and somebody who was one and is gone.
            var kind = round % 3;
            var person = await world.Site.PersonAsync(world.Team.Id, kind == 0 ? TeamRole.Viewer : TeamRole.Admin);
            await using var circuit = await world.Site.OpenAsync(pages[round / 3 % pages.Length], person.Cookie);
            if (kind != 0)
            {
                await circuit.HandlerAsync(shown[round / 3 % pages.Length], "what an admin may use");
                await LoseAsync(world, person, kind == 1 ? TeamRole.Viewer : null);
            }

            var before = await world.FingerprintAsync();
            var many = circuit.Handlers.Select(h => h.Id).Concat(foreign).Concat(Enumerable.Range(1, 40).Select(n => (ulong)n)).Distinct()
                .SelectMany(id => s_events.Select(e => (Id: id, Event: e))).OrderBy(_ => Random.Shared.Next()).Take(Math.Min(events - sent, 400)).ToList();
            var own = circuit.Handlers.Select(h => (h.Id, h.Event)).ToHashSet();
            foreach (var part in many.OrderByDescending(m => own.Contains((m.Id, m.Event.Name))).Chunk(40)) // those that would run come first
            {
                var answers = new List<Task<(bool Ok, string Result)>>();
                foreach (var (id, (name, arguments)) in part)
                {
                    answers.Add((await circuit.SendEventAsync(id, name, arguments)).Answer);
                    sent++;
                }

                ran += await RanAsync(circuit, answers);
                if (circuit.Error is not null)
                {
                    break; // A handler was given what it cannot read, and the service ended the circuit: the next round has another.
                }
            }

            effects += await world.FingerprintAsync() == before ? 0 : 1;
        }

        Assert.Equal(0, effects);
        Assert.True(ran > events / 100, $"only {ran} of {sent} events reached a handler: the client forges nothing that could count");
        Assert.Equal(0, world.Writes);

        // The same events by somebody who may: there is something to find.
        var fingerprint = await world.FingerprintAsync();
        await using var owner = await world.Site.OpenAsync(pages[1], world.Owner.Cookie);
        var approve = await owner.HandlerAsync(h => h.Attributes.ContainsKey("data-approve") && h.Event == "click", "the button that approves");
        await owner.RaiseAsync(approve.Id, "click");
        await Eventually.TrueAsync(() => world.Writes == 1, "the owner's approval has its effect", TimeSpan.FromSeconds(60));
        Assert.NotEqual(fingerprint, await world.FingerprintAsync());
        if (figure is not null)
        {
            FaultFigures.Record(figure, ("effects their sender may not have", effects, "", 0), ("events that reached a handler", ran, "", null));
        }
    }

    /// <summary>How many reached a handler: what ran to its end, and what still runs, since a handler that asks back in a dialog waits for the answer.</summary>
    private static async Task<int> RanAsync(RawCircuit circuit, List<Task<(bool Ok, string Result)>> answers)
    {
        var all = Task.WhenAll(answers);
        try
        {
            await circuit.RaiseAsync(ulong.MaxValue / 2, "click"); // Events are taken in order: those before it have begun.
            await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(1)));
        }
        catch (IOException)
        {
            // The service ended the circuit; what was asked of it counts as far as it came.
        }

        return answers.Count(a => !a.IsCompleted || (a.IsCompletedSuccessfully && a.Result.Ok));
    }

    private static async Task LoseAsync(World world, CircuitPerson person, TeamRole? role)
    {
        var members = world.Site.Services.GetRequiredService<MembershipService>();
        var done = role is { } lower
            ? await members.ChangeRoleAsync(world.Owner.Actor, world.Team.Slug, person.Actor.UserId, lower, People.Link, default)
            : await members.RemoveAsync(world.Owner.Actor, world.Team.Slug, person.Actor.UserId, People.Link, default);
        Assert.True(done.IsOk, done.Failure?.Code);
    }

    /// <summary>A team with a connected cluster behind the real pages.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly TempDirectory _directory = new();
        private SandboxCluster? _sandbox;
        private RunningAgent? _agent;

        private World(CircuitSite site, CircuitPerson owner, TeamSummary team, Cluster cluster) => (Site, Owner, Team, Cluster) = (site, owner, team, cluster);

        public CircuitSite Site { get; }

        public CircuitPerson Owner { get; }

        public TeamSummary Team { get; }

        public Cluster Cluster { get; }

        public int Writes => _sandbox!.Requests.ByAgent().Count(r => r.Method == "PATCH" && !r.Query.Contains("dryRun", StringComparison.Ordinal));

        public static async Task<World> StartAsync()
        {
            // The pace is another test's matter: here as many events as can be.
            var site = await CircuitSite.StartAsync(new() { ["Anycast:Circuits:EventBurst"] = "100000" });
            var owner = await site.PersonAsync();
            var team = (await site.Services.GetRequiredService<TeamService>().CreateAsync(owner.Actor, "Shop team", default)).Value!;
            var cluster = (await site.Services.GetRequiredService<ClusterService>().CreateAsync(owner.Actor, team.Slug, "Production", ClusterAccessKind.Propose, default)).Value!;
            var world = new World(site, owner, team, cluster);
            try
            {
                world._sandbox = await SandboxCluster.StartAsync(new SandboxOptions { Speed = 20 });
                var token = (await site.Services.GetRequiredService<AgentService>().CreateTokenAsync(owner.Actor, team.Id, cluster.Id, default)).Value!.Text;
                world._agent = new RunningAgent(new AgentOptions { Server = site.Address, Token = token, StateDirectory = world._directory.Path, KubeconfigText = world._sandbox.Kubeconfig(agent: true) });
                var cache = site.Services.GetRequiredService<ClusterCaches>().Get(cluster.Id);
                await Eventually.TrueAsync(() => cache.Connection.Connected && cache.State(ClusterKinds.WithRows) == RowTableState.Live, "the agent is connected and its rows are there", TimeSpan.FromSeconds(60));
                return world;
            }
            catch
            {
                await world.DisposeAsync();
                throw;
            }
        }

        public async Task<Proposal> ProposeAsync()
        {
            var now = (int)_sandbox!.Store.Get("Deployment", "shop", "catalog")!["spec"]!["replicas"]!;
            var made = await Site.Services.GetRequiredService<ProposalService>().ProposeAsync(
                Owner.Actor, Team.Id, new ProposalRequest(Cluster.Id, OperationNames.Scale, new OperationTarget("apps", "Deployment", "shop", "catalog"), [new LeafChange("spec.replicas", $"{now + 1}")], "test"), default);
            Assert.True(made.IsOk, made.Failure?.Code);
            return made.Value;
        }

        public async Task<ProposalState> StateAsync(Guid proposal)
        {
            await using var db = await Site.OpenAsync();
            return await db.Proposals.Where(p => p.Id == proposal).Select(p => p.State).SingleAsync();
        }

        /// <summary>Everything of the team that its members' pages could change, and the writes at the cluster.</summary>
        public async Task<string> FingerprintAsync()
        {
            await using var db = await Site.OpenAsync();
            var text = new StringBuilder().Append(Writes);
            foreach (var t in await db.Teams.AsNoTracking().OrderBy(t => t.Id).ToListAsync())
            {
                text.Append('|').AppendJoin(',', t.Id, t.Name, t.MembersMayApprove, t.RequiresSecondFactor);
            }

            foreach (var m in await db.Memberships.AsNoTracking().OrderBy(m => m.UserId).ToListAsync())
            {
                text.Append('|').AppendJoin(',', m.TeamId, m.UserId, m.Role);
            }

            foreach (var p in await db.Proposals.AsNoTracking().OrderBy(p => p.Id).ToListAsync())
            {
                text.Append('|').AppendJoin(',', p.Id, p.State, p.DeciderId);
            }

            foreach (var c in await db.Clusters.AsNoTracking().OrderBy(c => c.Id).ToListAsync())
            {
                text.Append('|').AppendJoin(',', c.Id, c.Name, c.Access);
            }

            text.Append('|').AppendJoin(',', await db.TeamInvitations.CountAsync(), await db.ApiTokens.CountAsync(), await db.Agents.CountAsync(a => a.RevokedAt == null));
            return text.ToString();
        }

        public async ValueTask DisposeAsync()
        {
            if (_agent is not null)
            {
                await _agent.DisposeAsync();
            }

            if (_sandbox is not null)
            {
                await _sandbox.DisposeAsync();
            }

            await Site.DisposeAsync();
            _directory.Dispose();
        }
    }
}
