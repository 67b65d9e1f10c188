using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Anycast.Tests.Assistant;

/// <summary>A model that says what a test lets it say. The script gets the messages of each call and a number that counts calls from 1.</summary>
internal sealed class ScriptedChatClient(Func<IReadOnlyList<ChatMessage>, int, IAsyncEnumerable<ChatResponseUpdate>> script) : IChatClient
{
    private int _calls;

    public int Calls => _calls;

    public List<IReadOnlyList<ChatMessage>> Seen { get; } = [];

    /// <summary>Told of what each call allows.</summary>
    public Action<ChatOptions?>? OnOptions { get; init; }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var list = messages.ToList();
        Seen.Add(list);
        OnOptions?.Invoke(options);
        await foreach (var update in script(list, Interlocked.Increment(ref _calls)).WithCancellation(cancellationToken))
        {
            yield return update;
        }
    }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    public static ChatResponseUpdate Text(string text) => new(ChatRole.Assistant, text);

    public static ChatResponseUpdate Call(string id, string name, string json) =>
        new(ChatRole.Assistant, [new FunctionCallContent(id, name, System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, object?>>(json))]);

    public static ChatResponseUpdate Tokens(long input, long cached, long output) =>
        new(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = input, CachedInputTokenCount = cached, OutputTokenCount = output })]);

    public static ChatResponseUpdate End(bool tools = false) => new() { FinishReason = tools ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop };
}
