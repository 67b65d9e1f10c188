using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Operations;
using Anycast.Agent.Rights;
using Anycast.Tunnel;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Projection;
using Microsoft.AspNetCore.Http.Features;

namespace Anycast.Agent.Serving;

/// <summary>What the tunnel serves: the end points of <see cref="TunnelRoutes"/>, and 404 for everything else.</summary>
internal sealed class AgentRequests(AgentAbout about, ObjectsEndpoint objects, RowsEndpoint rows, OperationExecutor operations, LogsEndpoint logs, ConfigDataEndpoint configData, RightsReader rights, ILogger logger)
{
    private const int MaxOperation = 64 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        try
        {
            if (target == TunnelRoutes.About && context.Request.Method == HttpMethods.Get)
            {
                await context.Response.WriteAsJsonAsync(about, TunnelJson.Default.AgentAbout, cancellationToken: context.RequestAborted).ConfigureAwait(false);
            }
            else if (target.StartsWith(TunnelRoutes.Objects + "/", StringComparison.Ordinal))
            {
                await objects.HandleAsync(context, target[TunnelRoutes.Objects.Length..]).ConfigureAwait(false);
            }
            else if (target.StartsWith(TunnelRoutes.Rows + "/", StringComparison.Ordinal) && context.Request.Method == HttpMethods.Get)
            {
                await rows.HandleAsync(context, target[(TunnelRoutes.Rows.Length + 1)..]).ConfigureAwait(false);
            }
            else if (target == TunnelRoutes.Operations && context.Request.Method == HttpMethods.Post)
            {
                await OperateAsync(context).ConfigureAwait(false);
            }
            else if (target.StartsWith(TunnelRoutes.Logs + "/", StringComparison.Ordinal))
            {
                await logs.HandleAsync(context, target[(TunnelRoutes.Logs.Length + 1)..]).ConfigureAwait(false);
            }
            else if (target.StartsWith(TunnelRoutes.ConfigData + "/", StringComparison.Ordinal))
            {
                await configData.HandleAsync(context, target[(TunnelRoutes.ConfigData.Length + 1)..]).ConfigureAwait(false);
            }
            else if (target == TunnelRoutes.Rights && context.Request.Method == HttpMethods.Get)
            {
                await RightsAsync(context).ConfigureAwait(false);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested || e is OperationCanceledException or Microsoft.AspNetCore.Connections.ConnectionResetException)
        {
            // The service is gone or asked no longer; whatever ran at the API server was cancelled with it.
            context.Abort();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The type alone: a message could hold a part of an answer.
            logger.LogError("A request failed in the agent ({Error})", e.GetType().Name);
            if (context.Response.HasStarted)
            {
                context.Abort();
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
    }

    private async Task RightsAsync(HttpContext context)
    {
        try
        {
            var report = await rights.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            await context.Response.WriteAsJsonAsync(report, TunnelJson.Default.RightsReport, cancellationToken: context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiUnavailableException or ProjectionException or JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
        }
    }

    private async Task OperateAsync(HttpContext context)
    {
        OperationRequest? request;
        try
        {
            var body = await BodyReader.ReadAsync(context.Request.Body, MaxOperation, context.RequestAborted).ConfigureAwait(false);
            request = JsonSerializer.Deserialize(body, TunnelJson.Default.OperationRequest);
        }
        catch (Exception e) when (e is JsonException or ProjectionException)
        {
            request = null;
        }

        var result = request is null
            ? new OperationResult(OperationStatus.Invalid, Reason: "BadRequest")
            : await operations.ExecuteAsync(request, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(result, TunnelJson.Default.OperationResult, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }
}
