using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.Models;

/// <summary>A model that answers.</summary>
/// <param name="Provider">Name of the provider; empty for the built-in assistant.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Client">Speaks to it; shared, holds no conversation.</param>
public sealed record ChatModel(string Provider, string Model, IChatClient Client)
{
    /// <summary>Name under which the built-in assistant's answers are counted.</summary>
    public const string BuiltInName = "built-in";

    /// <summary>True for the assistant without a language model.</summary>
    public bool IsBuiltIn => Provider.Length == 0;
}
