using Anycast.Web.Shell.Palette;

namespace Anycast.Web.Assistant;

/// <summary>The feature's door in Web; its pages are found by the router.</summary>
public static class ChatSetup
{
    public static IServiceCollection AddChatPages(this IServiceCollection services) => services
        .AddScoped<AssistantDock>()
        .AddScoped<IPaletteSource, ConversationPaletteSource>();
}
