using Anycast.Core.Common.RateLimits;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Hosting.Circuits;

/// <summary>
/// Stands before every message of a browser (T13): so many circuits a person, and events at a pace that no person exceeds. What an event may do is
/// not decided here; every method of Core asks.
/// </summary>
internal sealed class CircuitGate(CircuitSeats seats, IOptions<CircuitLimits> limits, TimeProvider clock) : IHubFilter
{
    // What a browser answers to the service's own calls is as many as the service asked for.
    private static readonly HashSet<string> s_answers = new(StringComparer.Ordinal)
    {
        "OnRenderCompleted", "EndInvokeJSFromDotNet", "ReceiveByteArray", "ReceiveJSDataChunk", "SendDotNetStreamToJS",
    };

    /// <summary>Who the circuits of a connection are counted for: the person, or the network of whoever is not signed in.</summary>
    public static (string Person, int Most) CountedFor(HttpContext? context, CircuitLimits limits) =>
        context?.User.UserId() is { } user ? ($"u:{user:N}", limits.PerPerson) : ($"n:{RateLimiter.Network(context?.ClientIp())}", limits.PerNetwork);

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        if (invocationContext.HubMethodName is "StartCircuit" or "ResumeCircuit")
        {
            return await OpenAsync(invocationContext, next);
        }

        if (!s_answers.Contains(invocationContext.HubMethodName) && Pace(invocationContext.Context).Take() is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, clock, invocationContext.Context.ConnectionAborted);
        }

        return await next(invocationContext);
    }

    private async Task<object?> OpenAsync(HubInvocationContext invocation, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var (person, most) = CountedFor(invocation.Context.GetHttpContext(), limits.Value);
        var seat = await seats.TakeAsync(person, most, limits.Value.WaitForSeat, invocation.Context.ConnectionAborted);
        if (seat is null)
        {
            // What the framework itself says of a circuit that cannot go on; shell.js then shows why.
            await invocation.Hub.Clients.Caller.SendAsync("JS.Error", "Too many pages are open.", invocation.Context.ConnectionAborted);
            return null;
        }

        object? circuit = null;
        try
        {
            CircuitSeat.Opening.Value = seat;
            circuit = await next(invocation);
            return circuit;
        }
        finally
        {
            CircuitSeat.Opening.Value = null;
            if (circuit is null)
            {
                seat.Dispose();
            }
        }
    }

    private EventPace Pace(HubCallerContext connection)
    {
        if (connection.Items.TryGetValue(typeof(EventPace), out var found) && found is EventPace pace)
        {
            return pace;
        }

        pace = new EventPace(limits.Value.EventBurst, limits.Value.EventsPerSecond, clock);
        connection.Items[typeof(EventPace)] = pace;
        return pace;
    }
}
