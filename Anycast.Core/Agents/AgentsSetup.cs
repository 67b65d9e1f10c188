using Anycast.Core.Agents.Install;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Agents.Transport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Agents;

public static class AgentsSetup
{
    public static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<InstallOptions>().Bind(configuration.GetSection(InstallOptions.Section))
            .Validate(o => o.IsAcceptable, "Anycast:Agent:Image must name the agent's image by digest, such as registry.example.org/anycast-agent@sha256:…")
            .ValidateOnStart();
        services.AddOptions<KeyRotationOptions>().Bind(configuration.GetSection(KeyRotationOptions.Section))
            .Validate(o => o.IsAcceptable, "Anycast:Agent:OldKeyEndsAfter must be between one minute and 30 days.")
            .ValidateOnStart();
        return services
            .AddSingleton<SupersededKeys>()
            .AddSingleton<AgentCarrierListener>()
            .AddSingleton<AgentConnections>()
            .AddSingleton<ClusterAlerts>()
            .AddSingleton<ConnectGate>()
            .AddSingleton<AgentAdmission>()
            .AddSingleton<AgentReception>()
            .AddSingleton<AgentService>()
            .AddSingleton<AgentMaintenance>()
            .AddSingleton<RightsService>()
            .AddSingleton<EnrolmentWatch>()
            .AddSingleton<InstallService>();
    }
}
