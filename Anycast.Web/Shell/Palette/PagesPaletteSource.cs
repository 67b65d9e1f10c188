using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Web.Shell.Layout;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Shell.Palette;

/// <summary>The pages of the team in view, of the account, and of the operator.</summary>
public sealed class PagesPaletteSource(IStringLocalizer<ShellText> text, NavigationManager navigation, ShellState shell) : IPaletteSource
{
    public string Group => text["Palette.Pages"];

    public Task<IReadOnlyList<PaletteEntry>> SearchAsync(Actor actor, string text, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<PaletteEntry>>(
        [
            .. Pages(actor).Select(entry => (entry, score: PaletteMatch.Score(text, entry.Title)))
                .Where(x => x.score > 0).OrderByDescending(x => x.score).Select(x => x.entry),
        ]);

    private IEnumerable<PaletteEntry> Pages(Actor actor)
    {
        if ((MainLayout.TeamOf(navigation) ?? shell.FirstOpen?.Slug) is { } team && shell.May(team, Permission.TeamView))
        {
            var name = shell.Teams.FirstOrDefault(t => t.Slug == team)?.Name ?? team;
            yield return new PaletteEntry(text["Nav.Clusters"], name, "boxes", AppUrls.Team(team));
            yield return new PaletteEntry(text["Nav.Chat"], name, "message-square", AppUrls.Chat(team));
            yield return new PaletteEntry(text["Nav.Proposals"], name, "git-pull-request-arrow", AppUrls.Proposals(team));
            if (shell.May(team, Permission.ActivityView))
            {
                yield return new PaletteEntry(text["Nav.Activity"], name, "activity", AppUrls.Activity(team));
            }

            yield return new PaletteEntry(text["Nav.Members"], name, "users", AppUrls.Members(team));
            yield return new PaletteEntry(text["Nav.Settings"], name, "settings", AppUrls.TeamSettings(team));
            if (shell.May(team, Permission.ClustersConnect))
            {
                yield return new PaletteEntry(text["Nav.Connect"], name, "plug", AppUrls.ConnectCluster(team));
            }
        }

        yield return new PaletteEntry(text["Nav.Profile"], text["Nav.Account"], "user-round", AppUrls.Profile);
        yield return new PaletteEntry(text["Nav.Security"], text["Nav.Account"], "shield", AppUrls.Security);
        yield return new PaletteEntry(text["Nav.Sessions"], text["Nav.Account"], "monitor-smartphone", AppUrls.Sessions);
        yield return new PaletteEntry(text["Nav.Tokens"], text["Nav.Account"], "key-round", AppUrls.Tokens);
        yield return new PaletteEntry(text["Nav.Notifications"], text["Nav.Account"], "bell", AppUrls.Notifications);
        yield return new PaletteEntry(text["Nav.MyTeams"], text["Nav.Account"], "users", AppUrls.MyTeams);
        yield return new PaletteEntry(text["Nav.Invitations"], text["Nav.Account"], "mail", AppUrls.Invitations);
        yield return new PaletteEntry(text["Nav.OwnActivity"], text["Nav.Account"], "activity", AppUrls.OwnActivity);
        yield return new PaletteEntry(text["Nav.Beta"], text["Nav.Account"], "stethoscope", AppUrls.Beta);
        yield return new PaletteEntry(text["Nav.Privacy"], text["Nav.Account"], "lock", AppUrls.Privacy);
        if (actor.IsOperator)
        {
            yield return new PaletteEntry(text["Nav.Operator"], null, "gauge", AppUrls.Operator);
            yield return new PaletteEntry(text["Nav.OperatorMail"], text["Nav.Operator"], "mail", AppUrls.OperatorMail);
        }
    }
}
