using Anycast.Web.Shell;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Hosting.Circuits;

/// <summary>The limits of circuits.</summary>
public static class CircuitsSetup
{
    public static IServiceCollection AddCircuitLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CircuitLimits>().Bind(configuration.GetSection(CircuitLimits.Section))
            .Validate(o => o is { PerPerson: > 0, PerNetwork: > 0, EventBurst: > 0, EventsPerSecond: > 0 }, "Anycast:Circuits: each limit must be at least 1.")
            .ValidateOnStart();
        services.AddSingleton<CircuitSeats>();
        services.AddSingleton<CircuitGate>();
        services.AddScoped<SeatedCircuit>();
        return services;
    }

    /// <summary>Puts the gate before the hub of the circuits.</summary>
    public static IServerSideBlazorBuilder AddCircuitGate(this IServerSideBlazorBuilder blazor) => blazor.AddHubOptions(hub =>
    {
        hub.MaximumReceiveMessageSize = CircuitLimits.LargestMessage;
        hub.MaximumParallelInvocationsPerClient = 1; // one after the other: the pace holds back its sender
        hub.AddFilter<CircuitGate>();
    });

    /// <summary><c>GET /account/tabs</c>: a page that got no circuit asks whether too many are open. It says nothing about anybody but the caller.</summary>
    public static void MapCircuits(this IEndpointRouteBuilder routes) => routes.MapGet(AppUrls.Tabs, (HttpContext context, CircuitSeats seats, IOptions<CircuitLimits> limits) =>
    {
        var (person, most) = CircuitGate.CountedFor(context, limits.Value);
        return Results.Json(new Answer(seats.Count(person) >= most));
    });

    private sealed record Answer(bool Full);
}
