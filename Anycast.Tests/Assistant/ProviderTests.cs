using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Anycast.Tests.Assistant;

/// <summary>The real client libraries over real HTTP: what providers say arrives, what they do wrong has a name, and no key leaves for another host.</summary>
public sealed class ProviderTests
{
    private const string Key = "sk-canary-4711";

    public enum Api
    {
        OpenAI,
        Anthropic,
    }

    private static Dictionary<string, string?> Settings(Api api, string address) => new()
    {
        ["Anycast:Assistant:Providers:0:Kind"] = api == Api.OpenAI ? "OpenAICompatible" : "Anthropic",
        ["Anycast:Assistant:Providers:0:Name"] = "Stand-in",
        ["Anycast:Assistant:Providers:0:Endpoint"] = api == Api.OpenAI ? address + "/v1" : address,
        ["Anycast:Assistant:Providers:0:ApiKey"] = Key,
        ["Anycast:Assistant:Providers:0:Models:0"] = "m",
    };

    private static Task<AssistantWorld> WorldAsync(Api api, ModelServer server, IReadOnlyList<Core.Common.Tools.Tool>? tools = null, TimeSpan? stall = null) =>
        AssistantWorld.StartAsync(tools: tools ?? [], settings: Settings(api, server.Address), timings: AssistantWorld.Fast with { FirstToken = stall ?? TimeSpan.FromSeconds(20), Stall = stall ?? TimeSpan.FromSeconds(20) });

    private static Task OkAsync(HttpContext context, Api api) =>
        ModelServer.EventsAsync(context, api == Api.OpenAI ? ModelServer.OpenAi(["Hello ", "there."]) : ModelServer.Anthropic("Hello ", "there."));

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task Answer_OverHttp_ArrivesWithItsTokens(Api api)
    {
        await using var server = await ModelServer.StartAsync((c, _) => OkAsync(c, api));
        await using var world = await WorldAsync(api, server);
        var message = await world.AnswerAsync("hi");
        Assert.Equal((MessageState.Complete, "Hello there.", "Stand-in", "m"), (message.State, message.Text, message.Provider, message.Model));
        Assert.Equal(api == Api.OpenAI ? (111L, 60L, 22L) : (80L, 30L, 9L), (message.InputTokens, message.CachedInputTokens, message.OutputTokens));
        Assert.True(server.Requests.TryPeek(out var request));
        Assert.Equal(api == Api.OpenAI ? "/v1/chat/completions" : "/v1/messages", request.Path);
        Assert.Contains("Workload data stays in the cluster", request.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task ToolCall_OverHttp_RunsAndItsResultGoesBack(Api api)
    {
        var tool = new ProbeTool("look", (_, _) => Task.FromResult(ProbeTool.Ok(new { answer = "canary-result" })));
        await using var server = await ModelServer.StartAsync((c, n) => n > 1
            ? OkAsync(c, api)
            : ModelServer.EventsAsync(c, api == Api.OpenAI ? ModelServer.OpenAiCall("look", "{\"na", "me\":\"x\"}") : ModelServer.AnthropicCall("look", "{\"name\":\"x\"}")));
        await using var world = await WorldAsync(api, server, [tool]);
        var message = await world.AnswerAsync("go");
        Assert.Equal("Hello there.", message.Text);
        Assert.Equal("""{"name":"x"}""", Assert.Single(tool.Arguments));
        Assert.Contains("canary-result", server.Requests.Last().Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Api.OpenAI, 401, AssistantFailureKind.Unauthorized, 1)]
    [InlineData(Api.Anthropic, 401, AssistantFailureKind.Unauthorized, 1)]
    [InlineData(Api.OpenAI, 429, AssistantFailureKind.RateLimited, 3)]
    [InlineData(Api.Anthropic, 429, AssistantFailureKind.RateLimited, 3)]
    [InlineData(Api.OpenAI, 400, AssistantFailureKind.Refused, 1)]
    [InlineData(Api.Anthropic, 400, AssistantFailureKind.Refused, 1)]
    [InlineData(Api.OpenAI, 500, AssistantFailureKind.Unavailable, 3)]
    [InlineData(Api.Anthropic, 529, AssistantFailureKind.Unavailable, 3)]
    public async Task Status_OfAProvider_HasItsNameAndItsNumberOfTries(Api api, int status, AssistantFailureKind kind, int tries)
    {
        await using var server = await ModelServer.StartAsync(async (c, _) =>
        {
            c.Response.StatusCode = status;
            c.Response.ContentType = "application/json";
            await c.Response.WriteAsync("""{"type":"error","error":{"type":"api_error","message":"the provider's own words"}}""");
        });
        await using var world = await WorldAsync(api, server);
        var message = await world.AnswerAsync("hi");
        Assert.Equal((MessageState.Failed, kind, ""), (message.State, message.Failure!.Value, message.Text));
        Assert.Equal(tries, server.Requests.Count);
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task RateLimit_WithALongWait_IsNotWaitedForButShown(Api api)
    {
        await using var server = await ModelServer.StartAsync((c, _) =>
        {
            c.Response.StatusCode = 429;
            c.Response.Headers.RetryAfter = "90";
            return Task.CompletedTask;
        });
        await using var world = await WorldAsync(api, server);
        var message = await world.AnswerAsync("hi");
        Assert.Equal(AssistantFailureKind.RateLimited, message.Failure);
        Assert.Equal(world.Host.Clock.GetUtcNow().AddSeconds(90), message.RetryAt);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task End_WithoutAWord_IsNoAnswer(Api api)
    {
        await using var server = await ModelServer.StartAsync((c, _) => ModelServer.EventsAsync(c, api == Api.OpenAI ? ModelServer.OpenAi([]) : ModelServer.Anthropic()));
        await using var world = await WorldAsync(api, server);
        var message = await world.AnswerAsync("hi");
        Assert.Equal((MessageState.Failed, AssistantFailureKind.Malformed), (message.State, message.Failure!.Value));
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task Failure_OnceThenFine_IsNotSeen(Api api)
    {
        await using var server = await ModelServer.StartAsync((c, n) =>
        {
            if (n > 1)
            {
                return OkAsync(c, api);
            }

            c.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var world = await WorldAsync(api, server);
        Assert.Equal("Hello there.", (await world.AnswerAsync("hi")).Text);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task Cut_MidAnswer_KeepsTheTextAndIsNotTriedAgain(Api api)
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ModelServer.StartAsync(async (c, _) =>
        {
            await ModelServer.EventsAsync(c, api == Api.OpenAI ? ModelServer.OpenAi(["Half an "], end: false) : ModelServer.Anthropic("Half an ")[..3]);
            await arrived.Task;
            c.Abort();
        });
        await using var world = await WorldAsync(api, server);
        var id = await world.ConversationAsync();
        await world.AskAsync(id, "hi");
        await Harness.Eventually.TrueAsync(async () => (await world.LastAsync(id)).Text == "Half an ", "the first words are stored");
        arrived.SetResult();
        var message = await world.EndAsync(id);
        Assert.Equal((MessageState.Failed, "Half an "), (message.State, message.Text));
        Assert.Equal(AssistantFailureKind.Unavailable, message.Failure);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Cut_WithinAToolCall_RunsNothing()
    {
        var tool = new ProbeTool("look", (_, _) => Task.FromResult(ProbeTool.Ok(new { })));
        await using var server = await ModelServer.StartAsync((c, _) => ModelServer.EventsAsync(c, ModelServer.OpenAiCall("look", "{\"name\":", "\"x")[..2]));
        await using var world = await WorldAsync(Api.OpenAI, server, [tool]);
        var message = await world.AnswerAsync("go");
        Assert.Equal(MessageState.Failed, message.State);
        Assert.Empty(tool.Arguments);
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task Stall_MidAnswer_TimesOutAndKeepsTheText(Api api)
    {
        await using var server = await ModelServer.StartAsync(async (c, _) =>
        {
            await ModelServer.EventsAsync(c, api == Api.OpenAI ? ModelServer.OpenAi(["Half an "], end: false) : ModelServer.Anthropic("Half an ")[..3]);
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        await using var world = await WorldAsync(api, server, stall: TimeSpan.FromSeconds(1.5));
        var message = await world.AnswerAsync("hi");
        Assert.Equal((MessageState.Failed, AssistantFailureKind.Timeout, "Half an "), (message.State, message.Failure!.Value, message.Text));
    }

    [Theory]
    [InlineData(Api.OpenAI)]
    [InlineData(Api.Anthropic)]
    public async Task Nonsense_InsteadOfAStream_IsNoAnswer(Api api)
    {
        await using var server = await ModelServer.StartAsync((c, _) => ModelServer.EventsAsync(c, "data: {this is no json", "data: [DONE]"));
        await using var world = await WorldAsync(api, server);
        var message = await world.AnswerAsync("hi");
        Assert.Equal(MessageState.Failed, message.State);
        Assert.Contains(message.Failure!.Value, new[] { AssistantFailureKind.Malformed, AssistantFailureKind.Unavailable });
    }

    [Theory]
    [InlineData(Api.OpenAI, 307)]
    [InlineData(Api.Anthropic, 307)]
    [InlineData(Api.OpenAI, 302)]
    [InlineData(Api.Anthropic, 308)]
    public async Task Redirect_ToAnotherHost_IsNotFollowedSoNeitherKeyNorPromptArriveThere(Api api, int status)
    {
        await using var other = await ModelServer.StartAsync((c, _) => OkAsync(c, api));
        await using var server = await ModelServer.StartAsync((c, _) =>
        {
            c.Response.StatusCode = status;
            c.Response.Headers.Location = other.Address + c.Request.Path;
            return Task.CompletedTask;
        });
        await using var world = await WorldAsync(api, server);
        var message = await world.AnswerAsync("hi");
        Assert.Equal(MessageState.Failed, message.State);
        Assert.Empty(other.Requests);
        Assert.Contains(server.Requests, r => r.Headers.Values.Any(v => v.Contains(Key, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task NobodyThere_IsUnavailable()
    {
        string address;
        await using (var gone = await ModelServer.StartAsync((_, _) => Task.CompletedTask))
        {
            address = gone.Address;
        }

        await using var world = await AssistantWorld.StartAsync(tools: [], settings: Settings(Api.OpenAI, address));
        Assert.Equal(AssistantFailureKind.Unavailable, (await world.AnswerAsync("hi")).Failure);
    }

    [Fact]
    public void Options_WithFaults_NameThemAllInTheOperatorsWords()
    {
        var options = new AssistantOptions
        {
            Providers = [new ProviderOptions { Kind = ProviderKind.OpenAICompatible }, new ProviderOptions { Kind = ProviderKind.Anthropic, Endpoint = "ftp://x", Models = [""] }],
        };
        var result = new AssistantOptionsValidation().Validate(null, options);
        Assert.Equal(5, result.Failures!.Count());
        Assert.All(result.Failures!, f => Assert.StartsWith("Anycast:Assistant:Providers:", f, StringComparison.Ordinal));
        Assert.True(new AssistantOptionsValidation().Validate(null, new AssistantOptions()) == ValidateOptionsResult.Success);
    }

    [Theory]
    [InlineData("7", 7.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("99999999", null)]
    [InlineData("-3", null)]
    [InlineData("soon", null)]
    [InlineData("Tue, 24 Nov 2026 09:00:30 GMT", 30.0)]
    [InlineData("Tue, 24 Nov 2020 09:00:30 GMT", 0.0)]
    public void RetryAfter_SecondsOrDate_IsRead(string text, double? seconds) =>
        Assert.Equal(seconds, ProviderErrors.ParseRetryAfter(text, new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero))?.TotalSeconds);
}
