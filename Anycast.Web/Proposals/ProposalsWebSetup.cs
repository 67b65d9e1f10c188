namespace Anycast.Web.Proposals;

public static class ProposalsWebSetup
{
    /// <summary>The sweep that ends late proposals, recovers abandoned executions and observes effects.</summary>
    public static IServiceCollection AddProposalSweeper(this IServiceCollection services) => services.AddHostedService<ProposalSweeper>();
}
