using System.Text.Json;
using static Anycast.Core.Assistant.BuiltIn.BuiltInPlan;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>Which objects of a list fit the state that was asked for, and in which words that is said.</summary>
internal static class Listing
{
    /// <summary>States that the list itself can be asked for by their word.</summary>
    public static string? StatusOf(Question question) => question switch
    {
        { State: State.Pending, Kind: "Pod" or "PersistentVolumeClaim" or "Service" } => "Pending",
        { State: State.Running, Kind: "Pod" } => "Running",
        { State: State.Suspended, Kind: "CronJob" or "Job" } => "Suspended",
        _ => null,
    };

    /// <summary>States that are among what does not do well.</summary>
    public static bool OnlyUnhealthy(Question question) => IsFault(question.State) && StatusOf(question) is null && question.Kind != "Event";

    /// <summary>Of the items that were read, those that fit.</summary>
    public static List<JsonElement> Fitting(Question question, List<JsonElement> items) => question switch
    {
        { State: State.Pressure, Kind: "Node" } => [.. items.Where(i => Text(i, "pressures") is { Length: > 0 } p && (question.Pressure is null || p.Contains(question.Pressure, StringComparison.Ordinal)))],
        { State: State.Crashing, Kind: "Pod" } => [.. items.Where(i => Text(i, "status") is { } s && (s.Contains("Crash", StringComparison.Ordinal) || s.Contains("OOM", StringComparison.Ordinal) || s.Contains("Error", StringComparison.Ordinal) && !s.Contains("Image", StringComparison.Ordinal) && !s.Contains("Config", StringComparison.Ordinal)))],
        _ => items,
    };

    /// <summary>True when fewer were counted than read: the total of the list is not that of the question.</summary>
    public static bool Narrows(Question question) => question is { State: State.Pressure, Kind: "Node" } or { State: State.Crashing, Kind: "Pod" };

    /// <summary>The words for what was asked for, empty for all: "under pressure, named like `x`".</summary>
    public static string Words(Question question, Wording say)
    {
        var state = question is { State: State.Pressure, Kind: "Node", Pressure: { } pressure } ? Wording.Code(pressure + "Pressure") : StatusOf(question) is not null || OnlyUnhealthy(question) ? say[$"State.{(Narrows(question) || StatusOf(question) is not null ? question.State : State.Unhealthy)}"] : "";
        return (state.Length, question.Name) switch
        {
            (0, null) => "",
            (_, null) => state,
            (0, var name) => say.Format("NamedLike", Wording.Code(name)),
            var (_, name) => state + say["And"] + say.Format("NamedLike", Wording.Code(name)),
        };
    }

    private static bool IsFault(State state) => state is State.Unhealthy or State.Crashing or State.Pending or State.Pressure;
}
