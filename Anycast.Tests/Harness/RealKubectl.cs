using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Anycast.Tests.Harness;

/// <summary>kubectl as a person has it, on the cluster that <c>KUBECONFIG</c> names.</summary>
internal static class RealKubectl
{
    /// <summary>Runs it with <paramref name="input"/> on its standard input, and returns what it prints; fails with what it complains of.</summary>
    public static async Task<string> RunAsync(string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("kubectl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(process.ExitCode == 0, $"kubectl {string.Join(' ', arguments)}: {await errors}");
        return await output;
    }

    /// <summary>A kubeconfig for the same cluster with another token.</summary>
    public static async Task<string> KubeconfigAsync(string token)
    {
        var cluster = JsonNode.Parse(await RunAsync("", "config", "view", "--raw", "--minify", "--flatten", "-o", "json"))!["clusters"]![0]!["cluster"]!;
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["clusters"] = new JsonArray(new JsonObject { ["name"] = "cluster", ["cluster"] = cluster.DeepClone() }),
            ["users"] = new JsonArray(new JsonObject { ["name"] = "agent", ["user"] = new JsonObject { ["token"] = token } }),
            ["contexts"] = new JsonArray(new JsonObject { ["name"] = "agent", ["context"] = new JsonObject { ["cluster"] = "cluster", ["user"] = "agent" } }),
            ["current-context"] = "agent",
        }.ToJsonString();
    }
}
