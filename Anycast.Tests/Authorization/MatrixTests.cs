using System.Collections;
using System.Reflection;
using System.Text;
using Anycast.Core.Agents;
using Anycast.Core.Assistant;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Diagnostics;
using Anycast.Core.Operators;
using Anycast.Core.Privacy;
using Anycast.Core.Proposals;
using Anycast.Core.Usage;
using Anycast.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Authorization;

/// <summary>
/// Every service method that takes an actor, called by everybody there is. The methods are found by reflection, so that a new one without cells
/// fails; what each caller gets is a committed file (Authorization/matrix.tsv), not computed from the permission table, and is read in review.
/// <c>ANYCAST_UPDATE_MATRIX=1</c> writes the file anew.
/// </summary>
public sealed class MatrixTests
{
    private static readonly string[] s_features = ["Accounts", "Activity", "Mail", "Notifications", "Teams", "ApiTokens", "Operators", "Clusters", "Agents", "Proposals", "Assistant", "Diagnostics", "Usage", "Privacy"];

    // Whoever is none of a team's people: no method that names the team may give them anything.
    private static readonly string[] s_outsiders = ["anonymous", "stranger", "support", "operator", "blocked", "deleted"];

    [Fact]
    [PolicyClause("D03", "D11", "U02")]
    public async Task Methods_OfServices_GiveEachCallerWhatTheFileSays()
    {
        await using var host = await HostAsync();
        var text = new StringBuilder("method\t").AppendJoin('\t', MatrixWorld.Callers).Append('\n');
        var leaks = new List<string>();
        foreach (var method in Methods())
        {
            var row = new List<string>();
            MatrixWorld? world = null;
            foreach (var caller in MatrixWorld.Callers)
            {
                world ??= await MatrixWorld.MakeAsync(host.Services, host.Clock);
                var cell = await CallAsync(host, world, method, caller);
                row.Add(cell);
                world = cell is "ok" or "done" ? null : world; // Only what was done changed anything.
                if (caller.EndsWith("token", StringComparison.Ordinal) && cell == "ok" && !IsOfATeam(method) && method.Name is not ("GetAsync" or "FindAsync"))
                {
                    leaks.Add($"{Name(method)} by a token: {cell}");
                }

                if (s_outsiders.Contains(caller) && IsOfATeam(method) && cell is "ok" or "value" || cell.StartsWith("throws", StringComparison.Ordinal))
                {
                    leaks.Add($"{Name(method)} by {caller}: {cell}");
                }
            }

            text.Append(Name(method)).Append('\t').AppendJoin('\t', row).Append('\n');
        }

        var file = RepositoryRoot.At("Anycast.Tests", "Authorization", "matrix.tsv");
        if (Environment.GetEnvironmentVariable("ANYCAST_UPDATE_MATRIX") == "1")
        {
            await File.WriteAllTextAsync(file, text.ToString());
        }

        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
        var expected = (await File.ReadAllTextAsync(file)).ReplaceLineEndings("\n").Split('\n');
        var found = text.ToString().Split('\n');
        Assert.True(found.SequenceEqual(expected), $"New: {string.Join("\n     ", found.Except(expected))}\nGone: {string.Join("\n      ", expected.Except(found))}\nIf this is meant, run with ANYCAST_UPDATE_MATRIX=1 and read the difference.");
    }

    /// <summary>What runs in the background is the web host's; here only who may ask for it counts.</summary>
    private sealed class NoQueue : IKeyRewrapQueue
    {
        public void Enqueue(string targetKeyId)
        {
        }
    }

    /// <summary>All of Core.</summary>
    internal static Task<CoreHost> HostAsync() => CoreHost.StartAsync(TestProvider.Sqlite, (services, configuration) =>
    {
        services.AddOperators().AddClusters().AddAgents(configuration).AddProposals().AddUsage().AddPrivacy();
        services.AddDiagnostics();
        services.AddAssistant(configuration);
        services.AddSingleton<IKeyRewrapQueue, NoQueue>();
    });

    /// <summary>Every service method that takes an actor.</summary>
    internal static IEnumerable<MethodInfo> Methods() => typeof(Actor).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsPublic: true, IsAbstract: false } && s_features.Contains(t.Namespace?.Split('.').ElementAtOrDefault(2)))
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(m => typeof(Task).IsAssignableFrom(m.ReturnType) && m.GetParameters().Any(p => p.ParameterType == typeof(Actor)))
        // What services write with, and what only start-up calls, is no door of its own.
        .Where(m => !m.GetParameters().Any(p => p.ParameterType == typeof(Anycast.Core.Activity.ActivityEvent)) && m.Name is not ("EnsureDemoAsync" or "RenewDemoAsync") && m.DeclaringType!.Name is not ("TeamAccess" or "ClusterAccess"))
        .Select(m => m.IsGenericMethodDefinition ? m.MakeGenericMethod(typeof(k8s.Models.V1Pod)) : m)
        .OrderBy(Name, StringComparer.Ordinal);

    private static bool IsOfATeam(MethodInfo method) => method.DeclaringType!.Name != "TeamDirectory" && method.GetParameters().Any(p => p.Name is "team" or "slug" or "teamId");

    private static string Name(MethodInfo method) =>
        $"{method.DeclaringType!.Name}.{method.Name.Replace("Async", "")}({string.Join(", ", method.GetParameters().Where(p => p.ParameterType != typeof(Actor) && p.ParameterType != typeof(CancellationToken)).Select(p => p.Name))})";

    private static async Task<string> CallAsync(CoreHost host, MatrixWorld world, MethodInfo method, string caller)
    {
        var service = host.Services.GetRequiredService(method.DeclaringType!);
        var arguments = method.GetParameters().Select(p => p.ParameterType == typeof(Actor) ? world[caller] : world.Argument(p.Name!, p.ParameterType, method.DeclaringType!)).ToArray();
        try
        {
            var task = (Task)method.Invoke(service, arguments)!;
            await task;
            return task.GetType().GetProperty("Result")?.GetValue(task) is { } result && result.GetType().Name != "VoidTaskResult" ? Describe(result) : "done";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return "throws " + (e.InnerException ?? e).GetType().Name;
        }
    }

    /// <summary>What a caller got, in a word.</summary>
    internal static string Describe(object result)
    {
        var type = result.GetType();
        if (type.GetProperty("Failure") is { } failure && type.Name.StartsWith("Outcome", StringComparison.Ordinal))
        {
            return failure.GetValue(result) is Failure { Code: var code } ? code : "ok";
        }

        return result switch
        {
            ICollection list => $"rows:{list.Count}",
            int or bool => result.ToString()!.ToLowerInvariant(),
            _ when type.Name.StartsWith("Page", StringComparison.Ordinal) => $"rows:{type.GetProperty("Total")!.GetValue(result)}",
            _ => "value",
        };
    }
}
