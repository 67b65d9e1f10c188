using System.Text.Json;
using Anycast.Core.Common.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Assistant.Runs;

/// <summary>All tools by name, for chat now and MCP later, and the one place that runs them: bounded in time and size, failures as codes.</summary>
public sealed class ToolCatalog
{
    private readonly Dictionary<string, Tool> _tools;
    private readonly Dictionary<string, AITool> _declarations;

    public ToolCatalog(IEnumerable<Tool> tools)
    {
        _tools = tools.ToDictionary(t => t.Name, StringComparer.Ordinal);
        _declarations = _tools.Values.ToDictionary(t => t.Name, t => (AITool)AIFunctionFactory.CreateDeclaration(t.Name, t.Description, t.Schema), StringComparer.Ordinal);
    }

    public IReadOnlyCollection<Tool> Tools => _tools.Values;

    /// <summary>What a model is told of them, here and now.</summary>
    public async Task<IList<AITool>> DeclarationsAsync(ToolContext context, CancellationToken ct)
    {
        var offered = new List<AITool>();
        foreach (var tool in _tools.Values)
        {
            if (await tool.IsOfferedAsync(context, ct))
            {
                offered.Add(_declarations[tool.Name]);
            }
        }

        return offered;
    }

    public Tool? Find(string name) => _tools.GetValueOrDefault(name);
}

/// <summary>Runs one tool call.</summary>
internal sealed class ToolRunner(ToolCatalog catalog, AssistantTimings timings, ILogger<ToolRunner> log)
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>Never throws but for cancellation of <paramref name="ct"/>: whatever goes wrong becomes a result the model can work with.</summary>
    public async Task<ToolResult> RunAsync(ToolContext context, FunctionCallContent call, CancellationToken ct)
    {
        if (catalog.Find(call.Name) is not { } tool)
        {
            return ToolResult.Fail("tool.unknown", "There is no such tool.");
        }

        // Arguments that were cut off or are no JSON: the call did not arrive whole, so it is not run.
        if (call.Exception is not null || Arguments(call) is not { } arguments)
        {
            return ToolResult.Fail("tool.arguments", "The arguments are not valid JSON.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timings.Tool);
        try
        {
            return Bound(await tool.InvokeAsync(context, arguments, limit.Token));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ToolResult.Fail("tool.timeout", "It took too long.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogError(e, "Tool {Tool} failed", tool.Name);
            return ToolResult.Fail("tool.failed", "The tool failed; this is a fault of the service.");
        }
    }

    /// <summary>The arguments as sent, for the card; bounded.</summary>
    public static string Print(FunctionCallContent call)
    {
        var text = Arguments(call)?.GetRawText() ?? "{}";
        return text.Length <= AssistantLimits.ArgumentsLength ? text : "{}";
    }

    private static JsonElement? Arguments(FunctionCallContent call)
    {
        try
        {
            var element = JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(), Compact);
            return element.GetRawText().Length <= AssistantLimits.ArgumentsLength ? element : null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Tools bound their output themselves; this is the last guard, and it says that something is missing.</summary>
    private static ToolResult Bound(ToolResult result)
    {
        var text = result.Output.GetRawText();
        return text.Length <= AssistantLimits.ToolOutputLength
            ? result
            : result with
            {
                Output = JsonSerializer.SerializeToElement(
                    new { cut = true, note = "The output was too long; this is its beginning. Ask for less.", beginning = text[..(AssistantLimits.ToolOutputLength / 2)] },
                    ToolJson.Options),
            };
    }
}
