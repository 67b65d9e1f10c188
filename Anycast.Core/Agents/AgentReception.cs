using System.Net.WebSockets;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Agents.Transport;
using Anycast.Tunnel.Carrier;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Agents;

/// <summary>Receives one agent's WebSocket: the exchange, the decision, and then its tunnel until it ends.</summary>
public sealed class AgentReception(
    AgentCarrierListener listener, AgentAdmission admission, AgentConnections connections, RightsService rights, ILogger<AgentReception> log)
{
    /// <summary>Returns when the tunnel is closed, or when the agent was refused.</summary>
    /// <param name="socket">The accepted WebSocket.</param>
    /// <param name="ip">Where it comes from.</param>
    /// <param name="ct">Ends the tunnel (the request was aborted, or the service stops).</param>
    public async Task ReceiveAsync(WebSocket socket, string? ip, CancellationToken ct)
    {
        var decider = new Decider(admission, ip);
        await using var carrier = await listener.AcceptAsync(socket, decider, ct);
        if (carrier is null || decider.Admitted is not { } admitted)
        {
            return;
        }

        var client = new AgentClient(carrier, (kind, count) => log.LogError(
            "Agent {Agent} let {Count} leaves of {Kind} through that its specification withholds; they were dropped", admitted.AgentId, count, kind));
        var connection = new AgentConnection(admitted, new AgentLink(client));
        connections.Attach(connection);
        var following = rights.FollowAsync(connection, carrier.Ended);
        try
        {
            await using var stop = ct.Register(() => _ = carrier.CloseAsync("stopping"));
            await carrier.Closed;
            await following;
        }
        finally
        {
            connections.Detach(connection);
        }
    }

    private sealed class Decider(AgentAdmission admission, string? ip) : IConnectDecider
    {
        public AgentAdmitted? Admitted { get; private set; }

        public async Task<ConnectDecision> DecideAsync(AgentHello hello, bool proofOk, CancellationToken cancellationToken)
        {
            var (admitted, refusal) = await admission.DecideAsync(hello, proofOk, ip, cancellationToken);
            Admitted = admitted;
            return admitted is not null
                ? new ConnectDecision.Accept(admitted.AgentId.ToString(), admitted.ClusterName)
                : new ConnectDecision.Refuse(refusal!, Words(refusal!));
        }

        public Task RefusedAsync(AgentHello hello, string code, CancellationToken cancellationToken) => admission.NoteAsync(hello.Token, code, cancellationToken);

        /// <summary>For the agent's log, which is in English.</summary>
        private static string Words(string code) => code switch
        {
            RefusalCodes.TokenInvalid => "There is no such enrolment token. Copy the whole command from the cluster's page again.",
            RefusalCodes.TokenUsed => "This enrolment token was used before. Make a new one on the cluster's page.",
            RefusalCodes.TokenExpired => "This enrolment token is older than 15 minutes. Make a new one on the cluster's page.",
            RefusalCodes.TokenReplaced => "A newer enrolment token was made for this cluster, which ended this one. Use the newest command of the cluster's page.",
            RefusalCodes.Revoked => "This agent's key was revoked, or its cluster removed. Enrol it with a new token.",
            RefusalCodes.ProofFailed => "The agent could not prove its key. Delete its stored key and enrol it with a new token.",
            RefusalCodes.ClusterMismatch => "The token belongs to another cluster than this agent runs in.",
            RefusalCodes.Quarantined => "This key was seen from another cluster. It is held; enrol this agent with a new token.",
            RefusalCodes.Busy => "The service is busy with other agents, or too many attempts from this network failed. The agent tries again by itself.",
            _ => "The service refused this agent.",
        };
    }
}
