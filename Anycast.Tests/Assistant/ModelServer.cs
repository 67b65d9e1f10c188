using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Assistant;

/// <summary>A request as a provider saw it.</summary>
internal sealed record ModelRequest(string Path, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>A stand-in for providers of models: real HTTP on loopback, answers by the test's script.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ModelServer(WebApplication app) => _app = app;

    public ConcurrentQueue<ModelRequest> Requests { get; } = new();

    public string Address => _app.Urls.First();

    /// <summary>The script gets the context and the number of the request, from 1.</summary>
    public static async Task<ModelServer> StartAsync(Func<HttpContext, int, Task> script)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new ModelServer(app);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            server.Requests.Enqueue(new ModelRequest(context.Request.Path, body, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            await script(context, server.Requests.Count);
        });
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public static async Task EventsAsync(HttpContext context, params string[] lines)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var line in lines)
        {
            await context.Response.WriteAsync(line + "\n\n");
            await context.Response.Body.FlushAsync();
        }
    }

    /// <summary>An answer of OpenAI's chat completions in pieces.</summary>
    public static string[] OpenAi(string[] words, bool end = true, int input = 111, int cached = 60, int output = 22)
    {
        const string Head = """data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":""";
        var lines = words.Select(w => Head + $$"""[{"index":0,"delta":{"role":"assistant","content":{{System.Text.Json.JsonSerializer.Serialize(w)}}},"finish_reason":null}]}""").ToList();
        if (end)
        {
            lines.Add(Head + """[{"index":0,"delta":{},"finish_reason":"stop"}]}""");
            lines.Add(Head + "[],\"usage\":" + System.Text.Json.JsonSerializer.Serialize(new { prompt_tokens = input, completion_tokens = output, total_tokens = input + output, prompt_tokens_details = new { cached_tokens = cached } }) + "}");
            lines.Add("data: [DONE]");
        }

        return [.. lines];
    }

    /// <summary>A tool call of OpenAI's chat completions; the arguments come in two pieces.</summary>
    public static string[] OpenAiCall(string name, string first, string second) =>
    [
        $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"{{{name}}}","arguments":{{{System.Text.Json.JsonSerializer.Serialize(first)}}}}}]},"finish_reason":null}]}""",
        $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":{{{System.Text.Json.JsonSerializer.Serialize(second)}}}}}]},"finish_reason":null}]}""",
        """data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
        "data: [DONE]",
    ];

    /// <summary>Many tool calls in one round of OpenAI's chat completions.</summary>
    public static string[] OpenAiCalls(IReadOnlyList<(string Name, object Arguments)> calls)
    {
        var toolCalls = calls.Select((c, i) => new { index = i, id = $"call_{i}", type = "function", function = new { name = c.Name, arguments = System.Text.Json.JsonSerializer.Serialize(c.Arguments) } });
        const string Head = """data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,""";
        return
        [
            Head + "\"finish_reason\":null,\"delta\":" + System.Text.Json.JsonSerializer.Serialize(new { role = "assistant", tool_calls = toolCalls }) + "}]}",
            Head + "\"finish_reason\":\"tool_calls\",\"delta\":{}}]}",
            "data: [DONE]",
        ];
    }

    /// <summary>An answer of Anthropic's messages API.</summary>
    public static string[] Anthropic(params string[] words) =>
    [
        "event: message_start\n" + """data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":50,"cache_read_input_tokens":30,"cache_creation_input_tokens":0,"output_tokens":1}}}""",
        "event: content_block_start\n" + """data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        .. words.Select(w => "event: content_block_delta\n" + $$$"""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":{{{System.Text.Json.JsonSerializer.Serialize(w)}}}}}"""),
        "event: content_block_stop\n" + """data: {"type":"content_block_stop","index":0}""",
        "event: message_delta\n" + """data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}""",
        "event: message_stop\n" + """data: {"type":"message_stop"}""",
    ];

    /// <summary>A tool call of Anthropic's messages API.</summary>
    public static string[] AnthropicCall(string name, string json) =>
    [
        "event: message_start\n" + """data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":50,"output_tokens":1}}}""",
        "event: content_block_start\ndata: " + System.Text.Json.JsonSerializer.Serialize(new { type = "content_block_start", index = 0, content_block = new { type = "tool_use", id = "toolu_1", name, input = new { } } }),
        "event: content_block_delta\n" + $$$"""data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":{{{System.Text.Json.JsonSerializer.Serialize(json)}}}}}""",
        "event: content_block_stop\n" + """data: {"type":"content_block_stop","index":0}""",
        "event: message_delta\n" + """data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":9}}""",
        "event: message_stop\n" + """data: {"type":"message_stop"}""",
    ];
}
