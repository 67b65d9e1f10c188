using Anycast.Core.Common;
using Anycast.Core.Teams;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Shell.Palette;

/// <summary>The person's teams.</summary>
public sealed class TeamsPaletteSource(IStringLocalizer<ShellText> words, ShellState shell) : IPaletteSource
{
    public string Group => words["Palette.Teams"];

    public Task<IReadOnlyList<PaletteEntry>> SearchAsync(Actor actor, string text, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<PaletteEntry>>(
        [
            .. shell.Teams.Select(team => (team, score: PaletteMatch.Score(text, team.Name))).Where(x => x.score > 0).OrderByDescending(x => x.score)
                .Select(x => x.team.Door == TeamDoor.Open
                    ? new PaletteEntry(x.team.Name, null, "users", AppUrls.Team(x.team.Slug))
                    : new PaletteEntry(x.team.Name, words["Team.Closed"], "lock", AppUrls.MyTeams)),
        ]);
}
