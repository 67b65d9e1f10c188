using Anycast.Core.Agents;
using Anycast.Core.Agents.Install;
using Anycast.Core.Common;
using Anycast.Tunnel;
using Anycast.Web.Hosting;

namespace Anycast.Web.Agents;

/// <summary>The door of the agents: the end point they dial, and the sweep that cuts what was revoked.</summary>
public static class AgentsWebSetup
{
    /// <summary>Where the manifest of a live enrolment token is fetched, by <c>kubectl apply -f</c>.</summary>
    public const string InstallPath = "/agent/install";

    public static IServiceCollection AddAgentEndpoint(this IServiceCollection services) => services.AddHostedService<AgentSweeper>();

    public static WebApplication MapAgents(this WebApplication app)
    {
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(15) });
        app.Map(TunnelRoutes.Connect, ConnectAsync).AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();
        app.MapGet(InstallPath + "/{token}", InstallAsync).AllowAnonymous().ExcludeFromDescription();
        return app;
    }

    private static async Task<IResult> InstallAsync(string token, HttpContext context, InstallService install)
    {
        context.Response.Headers.CacheControl = "no-store";
        var manifest = await install.ManifestAsync(token, context.AddressForAsker(), context.ClientIp(), context.RequestAborted);
        if (manifest.IsOk)
        {
            return Results.Text(manifest.Value, "application/yaml");
        }

        context.TellWait(manifest.Failure);
        return Results.StatusCode(manifest.Failure.Kind == FailureKind.TooMany ? StatusCodes.Status429TooManyRequests : StatusCodes.Status404NotFound);
    }

    private static async Task ConnectAsync(HttpContext context, AgentReception reception, IHostApplicationLifetime lifetime)
    {
        // No browser has business here: an Origin header is refused, whatever it says (cross-site WebSockets, T24).
        if (context.Request.Headers.ContainsKey("Origin"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        try
        {
            await reception.ReceiveAsync(socket, context.ClientIp(), stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The agent hung up, or the service stops.
        }
    }
}
