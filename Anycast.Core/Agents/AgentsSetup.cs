using Anycast.Core.Agents.Transport;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Agents;

public static class AgentsSetup
{
    public static IServiceCollection AddAgents(this IServiceCollection services) => services
        .AddSingleton<AgentCarrierListener>()
        .AddSingleton<AgentConnections>()
        .AddSingleton<AgentAdmission>()
        .AddSingleton<AgentReception>()
        .AddSingleton<AgentService>()
        .AddSingleton<AgentMaintenance>()
        .AddSingleton<EnrolmentWatch>();
}
