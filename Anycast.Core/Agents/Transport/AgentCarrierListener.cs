using System.Net.WebSockets;
using System.Security.Cryptography;
using Anycast.Tunnel;
using Anycast.Tunnel.Carrier;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Agents.Transport;

/// <summary>
/// The service's side of the connect exchange: hello, challenge, proof, verdict, within ten seconds. The end point that accepted
/// the WebSocket must not return before <see cref="AgentCarrier.Closed"/> completes:
/// <code>
/// using var socket = await context.WebSockets.AcceptWebSocketAsync();
/// await using var carrier = await listener.AcceptAsync(socket, decider, context.RequestAborted);
/// if (carrier is not null) { registry.Add(carrier); await carrier.Closed; }
/// </code>
/// </summary>
public sealed class AgentCarrierListener(TimeProvider clock, ILoggerFactory loggers)
{
    private const int Protocol = 1;
    private readonly ILogger logger = loggers.CreateLogger<AgentCarrierListener>();

    /// <summary>Runs the exchange.</summary>
    /// <returns>The open carrier, or null when the agent was refused or is none; the WebSocket is closed then.</returns>
    public async Task<AgentCarrier?> AcceptAsync(WebSocket socket, IConnectDecider decider, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectChannel.Limit);
        var channel = new ConnectChannel(socket);
        try
        {
            var hello = await channel.ReceiveAsync(TunnelJson.Default.AgentHello, limit.Token).ConfigureAwait(false);
            var early = Precheck(hello);
            if (early is not null)
            {
                await decider.RefusedAsync(hello, early.Code, limit.Token).ConfigureAwait(false);
            }

            var decision = early ?? await ChallengeAsync(channel, hello, decider, limit.Token).ConfigureAwait(false);
            if (decision is ConnectDecision.Accept accept)
            {
                await channel.SendAsync(new ConnectStep("accepted", AgentId: accept.AgentId, Name: accept.Name), TunnelJson.Default.ConnectStep, limit.Token).ConfigureAwait(false);
                return new AgentCarrier(socket, hello, accept.AgentId, accept.Name, clock, loggers.CreateLogger<AgentCarrier>());
            }

            var refuse = (ConnectDecision.Refuse)decision;
            logger.LogInformation("Refused an agent: {Code}", refuse.Code);
            await channel.SendAsync(new ConnectStep("refused", Code: refuse.Code, Message: refuse.Message), TunnelJson.Default.ConnectStep, limit.Token).ConfigureAwait(false);
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, refuse.Code, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ConnectException or WebSocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            logger.LogInformation("A connect exchange failed ({Error})", e.GetType().Name);
            socket.Abort();
        }

        return null;
    }

    private static ConnectDecision.Refuse? Precheck(AgentHello hello)
    {
        if (hello.Type != "hello" || hello.Protocol != Protocol)
        {
            return new ConnectDecision.Refuse(RefusalCodes.VersionUnsupported, "The agent and this service speak different protocol versions. Update the agent.");
        }

        var oneIdentity = (hello.AgentId is null) != (hello.Token is null);
        return oneIdentity && hello.PublicKey.Length is > 0 and <= 512 && hello.ClusterUid.Length is > 0 and <= 64 && hello.Version.Length <= 64 && hello.KubernetesVersion.Length <= 64
            && (hello.AgentId?.Length ?? 0) <= 100 && (hello.Token?.Length ?? 0) <= 256
            ? null
            : new ConnectDecision.Refuse(RefusalCodes.ProofFailed, "The agent's first message is incomplete.");
    }

    private static async Task<ConnectDecision> ChallengeAsync(ConnectChannel channel, AgentHello hello, IConnectDecider decider, CancellationToken cancellationToken)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await channel.SendAsync(new ConnectStep("challenge", Nonce: nonce), TunnelJson.Default.ConnectStep, cancellationToken).ConfigureAwait(false);
        var answer = await channel.ReceiveAsync(TunnelJson.Default.ConnectAnswer, cancellationToken).ConfigureAwait(false);
        var proofOk = answer.Type == "proof" && answer.Signature.Length <= 256 && ConnectProof.Verify(nonce, hello, answer.Signature);
        return await decider.DecideAsync(hello, proofOk, cancellationToken).ConfigureAwait(false);
    }
}
