using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using Anthropic;
using Anycast.Core.Assistant.BuiltIn;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using OpenAI;

namespace Anycast.Core.Assistant.Models;

/// <summary>
/// Makes the clients of the configured models once. Each provider has an HttpClient of its own that follows no redirect (a 307 would
/// post the whole conversation, and Anthropic's key header, to another host: security §0 item 9), keeps no cookies and uses no proxy
/// that was not asked for.
/// </summary>
public sealed class ChatClientFactory : IDisposable
{
    private const string AnthropicEndpoint = "https://api.anthropic.com";

    private readonly List<HttpClient> _http = [];
    private readonly List<ChatModel> _models = [];

    public ChatClientFactory(IOptions<AssistantOptions> options, BuiltInChatClient builtIn, TimeProvider clock)
    {
        foreach (var provider in options.Value.Providers)
        {
            var http = CreateHttp(provider.UseProxy, clock);
            _http.Add(http);
            foreach (var model in provider.Models)
            {
                _models.Add(new ChatModel(provider.DisplayName, model, Create(provider, model, http)));
            }
        }

        _models.Add(new ChatModel("", ChatModel.BuiltInName, builtIn));
    }

    /// <summary>For tests: models that are already there.</summary>
    internal ChatClientFactory(IEnumerable<ChatModel> models) => _models.AddRange(models);

    /// <summary>All models, the default first. The built-in assistant is always among them.</summary>
    public IReadOnlyList<ChatModel> Models => _models;

    /// <summary>The first configured model, or the built-in assistant.</summary>
    public ChatModel Default => _models[0];

    public void Dispose()
    {
        foreach (var model in _models)
        {
            model.Client.Dispose();
        }

        foreach (var http in _http)
        {
            http.Dispose();
        }
    }

    internal static HttpClient CreateHttp(bool useProxy, TimeProvider clock) => new(new ProviderStatusHandler(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = useProxy,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = AssistantLimits.RunsPerProcess,
    }, clock))
    {
        // The answer loop watches first token and stalls; a total limit here would cut long answers.
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 4 * 1024 * 1024,
    };

    private static IChatClient Create(ProviderOptions provider, string model, HttpClient http)
    {
        if (provider.Kind == ProviderKind.Anthropic)
        {
            var anthropic = new AnthropicClient
            {
                ApiKey = provider.ApiKey,
                HttpClient = http,
                MaxRetries = 0,
                Timeout = AssistantLimits.AnswerTime,
                BaseUrl = provider.Endpoint.Length > 0 ? provider.Endpoint.TrimEnd('/') : AnthropicEndpoint,
            };
            return anthropic.AsIChatClient(model, AssistantLimits.OutputTokens);
        }

        var options = new OpenAIClientOptions
        {
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = AssistantLimits.AnswerTime,
        };
        if (provider.Endpoint.Length > 0)
        {
            options.Endpoint = new Uri(provider.Endpoint);
        }

        // Local servers often want no key, and the client wants one.
        var key = provider.ApiKey.Length > 0 ? provider.ApiKey : "none";
        return new OpenAIClient(new ApiKeyCredential(key), options).GetChatClient(model).AsIChatClient();
    }
}
