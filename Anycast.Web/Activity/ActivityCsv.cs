using System.Globalization;
using System.Text;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;

namespace Anycast.Web.Activity;

/// <summary><c>GET /me/activity/csv</c>: the whole of one's own log as a file (RFC 4180).</summary>
public static class ActivityCsv
{
    public static void MapActivity(this IEndpointRouteBuilder routes) =>
        routes.MapGet(AppUrls.OwnActivityCsv, async (HttpContext context, ActivityLog log, string? q, CancellationToken ct) =>
        {
            var actor = context.User.ToActor();
            var text = new StringBuilder("time,operation,result,target_kind,target,detail,count,ip,device\r\n");
            for (var number = 1; ; number++)
            {
                var page = await log.OwnAsync(actor, new ActivityFilter(q), new PageRequest(number, PageRequest.MaxSize), ct);
                foreach (var entry in page.Items)
                {
                    string[] cells =
                    [
                        entry.LastAt.ToString("O", CultureInfo.InvariantCulture), entry.Operation, entry.Result.ToString().ToLowerInvariant(), entry.TargetKind, entry.TargetName,
                        entry.Detail, entry.Count.ToString(CultureInfo.InvariantCulture), entry.Ip ?? "", entry.Device ?? "",
                    ];
                    text.AppendJoin(',', cells.Select(Cell)).Append("\r\n");
                }

                if (number >= page.Pages)
                {
                    return Results.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "activity.csv");
                }
            }
        }).RequireAuthorization();

    /// <summary>Quoted, and with an apostrophe before what a spreadsheet would run as a formula: names are typed by people.</summary>
    internal static string Cell(string value) =>
        "\"" + (value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" : "") + value.Replace("\"", "\"\"") + "\"";
}
