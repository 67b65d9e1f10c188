using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Leading;

/// <summary>
/// Of several replicas of the agent one leads and dials the service, by a Lease in the cluster, as Kubernetes' own components do it
/// (client-go, leaderelection): the holder renews; one that has not renewed for the lease's duration, by the watcher's own clock, is
/// replaced; one that can't renew stops leading before anybody may replace it.
/// </summary>
internal sealed class LeaderLease
{
    /// <summary>How long a holder that says nothing more still counts as leading.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    /// <summary>A holder that could not renew for this long stops leading.</summary>
    public static readonly TimeSpan RenewLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private const int MaxAnswer = 256 * 1024;

    private readonly KubernetesApi api;
    private readonly string path;
    private readonly string identity;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private LeaseRecord? seen;
    private long seenAt;

    /// <param name="lease"><c>namespace/name</c>.</param>
    /// <param name="identity">Who this replica is: unique, and the same for as long as the process lives.</param>
    /// <exception cref="AgentSetupException">The name is no <c>namespace/name</c>.</exception>
    public LeaderLease(KubernetesApi api, string lease, string identity, TimeProvider clock, ILogger logger)
    {
        (this.api, this.identity, this.clock, this.logger) = (api, identity, clock, logger);
        path = lease.Split('/') is [var ns, var name] && AccessPolicy.IsLabel(ns) && AccessPolicy.IsName(name)
            ? $"/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/{name}"
            : throw new AgentSetupException("ANYCAST_LEADER_LEASE is no namespace/name.");
    }

    /// <summary>Waits until this replica leads.</summary>
    /// <param name="waiting">Called with the name of whoever leads meanwhile, and with what stands in the way.</param>
    public async Task AcquireAsync(Action<string> waiting, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (led, why) = await TryAsync(cancellationToken).ConfigureAwait(false);
            if (led)
            {
                logger.LogInformation("This replica leads");
                return;
            }

            waiting(why);
#pragma warning disable CA5394 // Jitter needs no secrecy.
            await Task.Delay(Look * (1 + (Random.Shared.NextDouble() * 0.2)), clock, cancellationToken).ConfigureAwait(false);
#pragma warning restore CA5394
        }
    }

    /// <summary>Renews until that fails for too long or another replica took the lease; then it returns.</summary>
    public async Task HoldAsync(CancellationToken cancellationToken)
    {
        var renewedAt = clock.GetTimestamp();
        while (true)
        {
            await Task.Delay(Renewal, clock, cancellationToken).ConfigureAwait(false);
            var left = RenewLimit - clock.GetElapsedTime(renewedAt);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            var (led, why) = (false, "it could not be renewed in time");
            try
            {
                (led, why) = await TryAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Too late: the limit below ends it.
            }

            if (led)
            {
                renewedAt = clock.GetTimestamp();
            }
            else if (clock.GetElapsedTime(renewedAt) >= RenewLimit || (seen is { Holder.Length: > 0 } other && other.Holder != identity))
            {
                logger.LogWarning("This replica leads no longer: {Why}", why);
                return;
            }
        }
    }

    /// <summary>Gives the lease up, so that another replica need not wait for it to run out.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (seen?.Holder == identity)
        {
            await WriteAsync(seen, "", 1, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(bool Led, string Why)> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (code, now) = await SendAsync(HttpMethod.Get, null, cancellationToken).ConfigureAwait(false);
            if (now is null)
            {
                return (false, $"the API server refused the lease ({code})");
            }

            if (now != seen)
            {
                (seen, seenAt) = (now, clock.GetTimestamp());
            }

            var theirs = now.Holder.Length > 0 && now.Holder != identity;
            if (theirs && clock.GetElapsedTime(seenAt) < TimeSpan.FromSeconds(Math.Clamp(now.Seconds, 1, 3600)))
            {
                return (false, $"{now.Holder} leads");
            }

            return (await WriteAsync(now, identity, (int)Duration.TotalSeconds, cancellationToken).ConfigureAwait(false), "another replica was quicker");
        }
        catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or JsonException or ProjectionException)
        {
            return (false, e is ApiUnavailableException ? e.Message : "the API server's answer can't be read");
        }
    }

    private async Task<bool> WriteAsync(LeaseRecord from, string holder, int seconds, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(from.Patch(holder, seconds, clock.GetUtcNow()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/merge-patch+json");
        var (_, written) = await SendAsync(HttpMethod.Patch, content, cancellationToken).ConfigureAwait(false);
        if (written is not null)
        {
            (seen, seenAt) = (written, clock.GetTimestamp());
        }

        return written is not null;
    }

    private async Task<(HttpStatusCode Code, LeaseRecord? Lease)> SendAsync(HttpMethod method, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await api.SendAsync(method, path + (content is null ? "" : "?fieldManager=anycast-agent"), content, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            return (response.StatusCode, null);
        }

        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return (response.StatusCode, LeaseRecord.Read(await BodyReader.ReadAsync(body, MaxAnswer, cancellationToken).ConfigureAwait(false)));
    }
}
