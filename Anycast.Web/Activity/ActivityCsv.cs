using System.Globalization;
using System.Text;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;

namespace Anycast.Web.Activity;

/// <summary>
/// <c>GET /me/activity/csv</c>: the whole of one's own log as a file (RFC 4180); <c>GET /t/{team}/activity/csv</c>: what the team's page shows with
/// the same filters, where addresses and devices of colleagues are not.
/// </summary>
public static class ActivityCsv
{
    /// <summary>How many rows of a team's stream a file holds at most.</summary>
    public const int MostRows = 10_000;

    public static void MapActivity(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(AppUrls.OwnActivityCsv, async (HttpContext context, ActivityLog log, string? q, string? category, CancellationToken ct) =>
        {
            var actor = context.User.ToActor();
            var text = new StringBuilder("time,operation,result,target_kind,target,target_id,detail,count,ip,device,other_addresses\r\n");
            for (var number = 1; ; number++)
            {
                var page = await log.OwnAsync(actor, new ActivityFilter(q, category), new PageRequest(number, PageRequest.MaxSize), ct);
                foreach (var entry in page.Items)
                {
                    Write(text, Time(entry), entry.Operation, Result(entry), entry.TargetKind, entry.TargetName, entry.TargetId, entry.Detail, Number(entry.Count), entry.Ip ?? "", entry.Device ?? "", Number(entry.OtherNetworks));
                }

                if (number >= page.Pages)
                {
                    return File(text);
                }
            }
        }).RequireAuthorization();

        routes.MapGet("/t/{team}/activity/csv", async (HttpContext context, TeamService teams, string team, string? q, string? category, CancellationToken ct) =>
        {
            var actor = context.User.ToActor();
            var text = new StringBuilder("time,operation,result,who,target_kind,target,target_id,detail,count\r\n");
            for (var number = 1; ; number++)
            {
                var page = await teams.ActivityAsync(actor, team, new ActivityFilter(q, category), new PageRequest(number, PageRequest.MaxSize), ct);
                if (!page.IsOk)
                {
                    return Results.NotFound();
                }

                foreach (var entry in page.Value.Items)
                {
                    Write(text, Time(entry), entry.Operation, Result(entry), entry.UserName, entry.TargetKind, entry.TargetName, entry.TargetId, entry.Detail, Number(entry.Count));
                }

                if (number >= page.Value.Pages || number * PageRequest.MaxSize >= MostRows)
                {
                    return File(text);
                }
            }
        }).RequireAuthorization();
    }

    /// <summary>Quoted, and with an apostrophe before what a spreadsheet would run as a formula: names are typed by people.</summary>
    internal static string Cell(string value) =>
        "\"" + (value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" : "") + value.Replace("\"", "\"\"") + "\"";

    private static void Write(StringBuilder text, params ReadOnlySpan<string> cells)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(Cell(cells[i]));
        }

        text.Append("\r\n");
    }

    private static string Time(ActivityEntry entry) => entry.LastAt.ToString("O", CultureInfo.InvariantCulture);

    private static string Result(ActivityEntry entry) => entry.Result.ToString().ToLowerInvariant();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static IResult File(StringBuilder text) => Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "activity.csv");
}
