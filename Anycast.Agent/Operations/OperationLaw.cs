using Anycast.Agent.OptIns;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Operations;

namespace Anycast.Agent.Operations;

/// <summary>
/// Which operations this agent carries out at all: all that it knows, when it was set up to carry out proposals; else only to scale and to
/// restart, where the customer's opt-in is in force. Below it the cluster's RBAC decides.
/// </summary>
internal sealed class OperationLaw(bool propose, OptInReader optIns)
{
    public async Task<bool> AllowsAsync(OperationRequest request, CancellationToken cancellationToken) =>
        propose || (request.Operation is OperationNames.Scale or OperationNames.Restart
            && await optIns.AllowsAsync(OptInKind.ScaleRestart, request.Target.Namespace, cancellationToken).ConfigureAwait(false));
}
