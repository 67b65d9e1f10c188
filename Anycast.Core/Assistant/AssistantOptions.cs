using Microsoft.Extensions.Options;

namespace Anycast.Core.Assistant;

/// <summary>Which API a provider speaks.</summary>
public enum ProviderKind
{
    OpenAI = 1,
    Anthropic = 2,

    /// <summary>Any server with OpenAI's chat completions; needs an endpoint.</summary>
    OpenAICompatible = 3,
}

/// <summary>One provider of models.</summary>
public sealed class ProviderOptions
{
    public ProviderKind Kind { get; set; }

    /// <summary>What people see; the kind's name when empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>Base address: with <c>/v1</c> for OpenAI's API, without for Anthropic's. Empty means the provider's own.</summary>
    public string Endpoint { get; set; } = "";

    public string ApiKey { get; set; } = "";

    /// <summary>Models to use; the first one is the default.</summary>
    public IList<string> Models { get; set; } = [];

    /// <summary>Route calls through the proxy that the environment names. Off by default: a proxy reads what it passes on.</summary>
    public bool UseProxy { get; set; }

    public string DisplayName => Name.Length > 0 ? Name : Kind.ToString();
}

/// <summary>Section <c>Anycast:Assistant</c>. Without providers the built-in assistant answers.</summary>
public sealed class AssistantOptions
{
    public const string Section = "Anycast:Assistant";

    public IList<ProviderOptions> Providers { get; set; } = [];
}

/// <summary>Fails at start, all at once, in the operator's words.</summary>
internal sealed class AssistantOptionsValidation : IValidateOptions<AssistantOptions>
{
    public ValidateOptionsResult Validate(string? name, AssistantOptions options)
    {
        var problems = new List<string>();
        for (var i = 0; i < options.Providers.Count; i++)
        {
            var provider = options.Providers[i];
            var at = $"Anycast:Assistant:Providers:{i}";
            if (!Enum.IsDefined(provider.Kind))
            {
                problems.Add($"{at}:Kind must be OpenAI, Anthropic or OpenAICompatible.");
            }

            if (provider.Kind == ProviderKind.OpenAICompatible && provider.Endpoint.Length == 0)
            {
                problems.Add($"{at}:Endpoint is needed for OpenAICompatible, for instance http://localhost:11434/v1.");
            }

            if (provider.Endpoint.Length > 0 && (!Uri.TryCreate(provider.Endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0))
            {
                problems.Add($"{at}:Endpoint must be an http or https address without user name.");
            }

            if (provider.ApiKey.Length == 0 && provider.Kind != ProviderKind.OpenAICompatible)
            {
                problems.Add($"{at}:ApiKey is missing.");
            }

            if (provider.Models.Count == 0 || provider.Models.Any(string.IsNullOrWhiteSpace))
            {
                problems.Add($"{at}:Models:0 must name a model.");
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
