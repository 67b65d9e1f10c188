using Anycast.Tunnel.Carrier;

namespace Anycast.Core.Agents.Transport;

/// <summary>What the service decides on an agent that connects.</summary>
public abstract record ConnectDecision
{
    private ConnectDecision()
    {
    }

    /// <summary>Welcome.</summary>
    /// <param name="AgentId">The agent's id; it keeps it and connects with it from now on.</param>
    /// <param name="Name">The cluster's name, for the agent's log.</param>
    public sealed record Accept(string AgentId, string Name) : ConnectDecision;

    /// <summary>Not welcome.</summary>
    /// <param name="Code">A code of <see cref="RefusalCodes"/>.</param>
    /// <param name="Message">A sentence for whoever reads the agent's log.</param>
    public sealed record Refuse(string Code, string Message) : ConnectDecision;
}

/// <summary>
/// Decides on agents that connect. With <see cref="AgentHello.Token"/> it redeems the one-use token and stores the public key;
/// the same key may present its used token again, for when the verdict was lost on the way. With <see cref="AgentHello.AgentId"/>
/// it compares the key, and the cluster's UID, with the stored ones.
/// </summary>
public interface IConnectDecider
{
    /// <param name="hello">What the agent said; checked for size and form, not for truth.</param>
    /// <param name="proofOk">True when the agent holds the private half of the key in <paramref name="hello"/>.</param>
    Task<ConnectDecision> DecideAsync(AgentHello hello, bool proofOk, CancellationToken cancellationToken);

    /// <summary>An agent was refused for what it said first, before it was asked for proof: what it says of itself is unproved.</summary>
    Task RefusedAsync(AgentHello hello, string code, CancellationToken cancellationToken) => Task.CompletedTask;
}
