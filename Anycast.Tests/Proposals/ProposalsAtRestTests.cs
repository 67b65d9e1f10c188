using Anycast.Core.Data;
using Anycast.Core.Proposals;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Operations;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Proposals;

/// <summary>Whoever steals the database does not read what people typed into changes (DESIGN promise 7); whoever may see a change does.</summary>
public sealed class ProposalsAtRestTests(ProposalWorld world) : IClassFixture<ProposalWorld>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S03")]
    public async Task Database_WithAProposedAndAnExecutedChange_HoldsNoTypedValue()
    {
        var (typed, before) = ("registry.shop.example/typed-by-a-person:7.3.1", "registry.shop.example/what-was-there:1.2.9");
        await MakeAsync(before, approve: true);
        var made = await MakeAsync(typed, approve: true);
        await MakeAsync("registry.shop.example/not-decided:7.3.1", approve: false);

        // Who may see it sees all of it, and it was carried out.
        var view = await world.ViewAsync(made.Id);
        var shown = Assert.Single(view.Diff, d => d.Requested);
        Assert.Equal((ProposalState.Executed, before, typed), (view.Row.State, shown.Before, shown.After));
        Assert.True(view.Undoable);
        Assert.Equal(typed, (string?)world.Cluster.Sandbox.Store.Get("Deployment", "shop", "checkout")!["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]);

        var secrets = new SecretSearch("typed-by-a-person", "what-was-there", "not-decided");
        Assert.Empty(secrets.Find(await DatabaseBytes.FilesAsync(world.Cluster.Core.Database.Directory)));

        // The positive control: what lists show stands there in clear, and the same search finds a value that is not sealed.
        Assert.True(new SecretSearch(made.Nonce, made.TargetUid).IsIn(await DatabaseBytes.FilesAsync(world.Cluster.Core.Database.Directory)));
        await StorePlainAsync(made);
        Assert.True(secrets.IsIn(await DatabaseBytes.FilesAsync(world.Cluster.Core.Database.Directory)));
    }

    [Fact]
    public async Task Proposal_OfBeforeValuesWereSealed_IsShownAndCanBeApproved()
    {
        var made = await MakeAsync("registry.shop.example/checkout:3.0.0", approve: false);
        await StorePlainAsync(made);

        Assert.Equal("registry.shop.example/checkout:3.0.0", Assert.Single((await world.ViewAsync(made.Id)).Diff, d => d.Requested).After);
        Assert.True((await world.ApproveAsync(made)).IsOk);
    }

    private async Task<Proposal> MakeAsync(string image, bool approve)
    {
        var made = await world.ProposeAsync(OperationNames.SetImage, "Deployment", "shop", "checkout", new LeafChange(ProposalWorld.ImagePath, image));
        Assert.True(made.IsOk, made.Failure?.Code);
        if (approve)
        {
            var done = await world.ApproveAsync(made.Value);
            Assert.True(done.IsOk, done.Failure?.Code);
        }

        return made.Value;
    }

    /// <summary>Puts a row as it was stored before.</summary>
    private async Task StorePlainAsync(Proposal made)
    {
        await using var db = await world.Cluster.Core.OpenAsync();
        await db.Proposals.Where(p => p.Id == made.Id).ExecuteUpdateAsync(
            s => s.SetProperty(p => p.Arguments, made.Arguments).SetProperty(p => p.PriorValues, made.PriorValues).SetProperty(p => p.Diff, made.Diff), Ct);
    }
}
