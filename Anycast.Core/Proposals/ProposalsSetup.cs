using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Proposals;

public static class ProposalsSetup
{
    public static IServiceCollection AddProposals(this IServiceCollection services) => services
        .AddSingleton<ProposalFeed>()
        .AddSingleton<ProposalValues>()
        .AddSingleton<ProposalService>()
        .AddSingleton<ProposalApproval>()
        .AddSingleton<ProposalExecution>()
        .AddSingleton<ProposalObserver>();
}
