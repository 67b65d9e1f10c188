using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Layout;
using Anycast.Web.Shell.Palette;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Assistant;

/// <summary>The person's conversations in the team in view, by title.</summary>
public sealed class ConversationPaletteSource(ConversationService conversations, TeamAccess access, NavigationManager navigation, IStringLocalizer<ChatText> words) : IPaletteSource
{
    private const int Shown = 5;

    public string Group => words["Conversations"];

    public async Task<IReadOnlyList<PaletteEntry>> SearchAsync(Actor actor, string text, CancellationToken ct)
    {
        if (MainLayout.TeamOf(navigation) is not { } team || await access.AuthorizeAsync(actor, team, Permission.AssistantUse, ct) is not { IsOk: true, Value: { } grant })
        {
            return [];
        }

        var found = await conversations.ListAsync(actor, grant.TeamId, text, new PageRequest(1, Shown), ct);
        return found.IsOk
            ? [.. found.Value.Items.Where(c => c.Title.Length > 0).Select(c => new PaletteEntry(c.Title, null, "message-square", AppUrls.Conversation(team, c.Id)))]
            : [];
    }
}
