using Anycast.Agent.Cluster;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rights;

namespace Anycast.Agent.Rights;

/// <summary>
/// The agent's look at its own rights before it serves anybody: with a wildcard, or with a right to Secrets, it does not start, unless
/// whoever set it up said in its environment that this is meant. What else it holds in excess is logged, and shown on the cluster's page.
/// </summary>
internal static class RightsGuard
{
    /// <exception cref="AgentSetupException">The agent holds rights that it should not even be able to misuse.</exception>
    public static async Task CheckAsync(RightsReader reader, AgentOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        RightsReport report;
        try
        {
            report = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or System.Text.Json.JsonException or ProjectionException)
        {
            logger.LogWarning("The agent's rights can't be read now ({Error}); the cluster's page shows them once they can", e.GetType().Name);
            return;
        }

        var excess = report.Scopes.SelectMany(s => RightsLinter.Check(s.Rules)).Distinct().ToList();
        foreach (var code in excess.Select(e => e.Code).Distinct(StringComparer.Ordinal))
        {
            // Rights to carry out proposals are no surprise to whoever set the agent up for that.
            var meant = options.Propose && code is ("workload_write" or "node_write");
            logger.Log(meant ? LogLevel.Information : LogLevel.Warning, "The agent holds rights beyond reading: {Code}", code);
        }

        if (!options.AllowExcessRights && excess.Find(e => e.Code is "wildcard" or "secrets") is { } dangerous)
        {
            throw new AgentSetupException(
                $"This agent could read Secrets (\"{dangerous.Verb}\" on \"{dangerous.Resource}\"). It does not start with such rights: give it the service account of its manifest, "
                + "or, if this is meant, set ANYCAST_ALLOW_EXCESS_RIGHTS=true. It asks for no Secret either way.");
        }
    }
}
