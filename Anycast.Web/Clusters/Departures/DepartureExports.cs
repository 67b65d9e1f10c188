using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Common;
using Anycast.Web.Accounts;
using Anycast.Web.Activity;

namespace Anycast.Web.Clusters.Departures;

/// <summary><c>GET /t/{team}/c/{cluster}/left-the-cluster/csv</c> and <c>/json</c>: all entries that fit the filter, as a file that is written while it is read.</summary>
public static class DepartureExports
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    public static void MapDepartures(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/t/{team}/c/{cluster}/left-the-cluster/csv", (string team, string cluster, string? q, string? operation, Guid? answer, HttpContext context, DepartureService departures) =>
            ExportAsync(context, departures, team, cluster, (q, operation, answer), "csv")).RequireAuthorization();
        routes.MapGet("/t/{team}/c/{cluster}/left-the-cluster/json", (string team, string cluster, string? q, string? operation, Guid? answer, HttpContext context, DepartureService departures) =>
            ExportAsync(context, departures, team, cluster, (q, operation, answer), "json")).RequireAuthorization();
    }

    private static async Task<IResult> ExportAsync(HttpContext context, DepartureService departures, string team, string cluster, (string? Search, string? Operation, Guid? Answer) filter, string format)
    {
        var wanted = Enum.TryParse<DepartureOperation>(filter.Operation, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) ? parsed : (DepartureOperation?)null;
        var export = await departures.ExportAsync(context.User.ToActor(), team, cluster, new DepartureFilter(filter.Search, wanted, filter.Answer), context.RequestAborted);
        if (!export.IsOk)
        {
            return Results.StatusCode(export.Failure.Kind == FailureKind.Forbidden ? StatusCodes.Status403Forbidden : StatusCodes.Status404NotFound);
        }

        var name = $"left-{export.Value.Cluster}.{format}";
        context.Response.Headers.CacheControl = "no-store";
        return format == "csv"
            ? Results.Stream(body => CsvAsync(body, export.Value.Rows, context.RequestAborted), "text/csv; charset=utf-8", name)
            : Results.Stream(body => JsonSerializer.SerializeAsync(body, Lines(export.Value.Rows), s_json, context.RequestAborted), "application/json", name);
    }

    private static async Task CsvAsync(Stream body, IAsyncEnumerable<Departure> rows, CancellationToken ct)
    {
        await using var text = new StreamWriter(body, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\r\n" };
        await text.WriteLineAsync("time,actor,actor_kind,operation,kind,namespace,name,count,bytes,withheld");
        await foreach (var row in Lines(rows).WithCancellation(ct))
        {
            string[] cells =
            [
                row.Time.ToString("O", CultureInfo.InvariantCulture), row.Actor, row.ActorKind.ToString(), row.Operation.ToString(), row.Kind, row.Namespace, row.Name,
                row.Count.ToString(CultureInfo.InvariantCulture), row.Bytes.ToString(CultureInfo.InvariantCulture), row.Withheld?.ToString(CultureInfo.InvariantCulture) ?? "",
            ];
            await text.WriteLineAsync(string.Join(',', cells.Select(ActivityCsv.Cell)));
        }
    }

    private static async IAsyncEnumerable<Line> Lines(IAsyncEnumerable<Departure> rows)
    {
        await foreach (var row in rows)
        {
            yield return new Line(row.At, row.ActorName, row.ActorKind, row.Operation, row.Kind, row.Namespace, row.Name, row.Count, row.Bytes, row.Withheld);
        }
    }

    private sealed record Line(DateTimeOffset Time, string Actor, ActorKind ActorKind, DepartureOperation Operation, string Kind, string Namespace, string Name, int Count, long Bytes, int? Withheld);
}
