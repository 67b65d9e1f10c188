using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Agents.ConfigData;
using Anycast.Core.Assistant.BuiltIn;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Models;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Clusters;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Common.Tools;
using Anycast.Core.Diagnostics;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Assistant;

/// <summary>The feature's door.</summary>
public static class AssistantSetup
{
    public static IServiceCollection AddAssistant(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AssistantOptions>().Bind(configuration.GetSection(AssistantOptions.Section))
            .Validate(o => o.Providers.Count == configuration.GetSection($"{AssistantOptions.Section}:Providers").GetChildren().Count(), "Anycast:Assistant:Providers holds an entry that cannot be read: Kind must be OpenAI, Anthropic or OpenAICompatible, and UseProxy true or false.") // The binder leaves such an entry out and says nothing.
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<AssistantOptions>, AssistantOptionsValidation>();
        services.AddSingleton(new AssistantTimings());
        services.AddSingleton<BuiltInChatClient>();
        services.AddSingleton<ChatClientFactory>();
        services.AddSingleton<ConversationService>();
        services.AddSingleton<ConversationFeed>();

        services.AddSingleton<Tool, ListResourcesTool>();
        services.AddSingleton<Tool, GetResourceTool>();
        services.AddSingleton<Tool, DescribeTool>();
        services.AddSingleton<Tool, FindByNameTool>();
        services.AddSingleton<Tool, DiagnoseTool>();
        services.AddSingleton<Tool, ProposeChangeTool>();
        services.AddSingleton<Tool, ReadConfigDataTool>();
        services.AddSingleton<ToolCatalog>();
        services.AddSingleton<ToolRunner>();

        services.AddSingleton<ModelStream>();
        services.AddSingleton<RunStore>();
        services.AddSingleton<AnswerLoop>();
        services.AddSingleton(p => new AssistantRuns(
            p.GetRequiredService<ConversationService>(),
            p.GetRequiredService<TeamAccess>(),
            p.GetRequiredService<ChatClientFactory>(),
            p.GetRequiredService<RestrictionService>(),
            p.GetRequiredService<RateLimiter>(),
            p.GetRequiredService<RunStore>(),
            p.GetRequiredService<AnswerLoop>(),
            p.GetRequiredService<ConversationFeed>(),
            p.GetRequiredService<AssistantTimings>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<AssistantRuns>>()));
        services.AddHostedService<RunRecovery>();
        services.AddHostedService<RunWatch>();
        return services;
    }
}
