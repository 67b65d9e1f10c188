using System.Collections.Concurrent;
using Anycast.Core.Clusters.Inventory;
using Anycast.Core.Common;
using k8s;
using k8s.Models;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>Reads all kinds of a diagnosis at once, a few at a time.</summary>
internal sealed class ObjectsReading(ClusterReader reader, ClusterScope scope, string? ns) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(6);
    private readonly ConcurrentDictionary<string, bool> _complete = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Failure> _failures = [];

    /// <summary>What could be read. Fails only when nothing could, as when the cluster is offline.</summary>
    public async Task<Outcome<ClusterObjects>> RunAsync(TimeProvider clock, CancellationToken ct)
    {
        var namespaces = ReadAsync<V1Namespace>(false, ct);
        var nodes = ReadAsync<V1Node>(false, ct);
        var pods = ReadAsync<V1Pod>(true, ct);
        var deployments = ReadAsync<V1Deployment>(true, ct);
        var replicaSets = ReadAsync<V1ReplicaSet>(true, ct);
        var statefulSets = ReadAsync<V1StatefulSet>(true, ct);
        var daemonSets = ReadAsync<V1DaemonSet>(true, ct);
        var jobs = ReadAsync<V1Job>(true, ct);
        var cronJobs = ReadAsync<V1CronJob>(true, ct);
        var services = ReadAsync<V1Service>(true, ct);
        var slices = ReadAsync<V1EndpointSlice>(true, ct);
        var ingresses = ReadAsync<V1Ingress>(true, ct);
        var ingressClasses = ReadAsync<V1IngressClass>(false, ct);
        var claims = ReadAsync<V1PersistentVolumeClaim>(true, ct);
        var volumes = ReadAsync<V1PersistentVolume>(false, ct);
        var storageClasses = ReadAsync<V1StorageClass>(false, ct);
        var autoscalers = ReadAsync<V2HorizontalPodAutoscaler>(true, ct);
        var quotas = ReadAsync<V1ResourceQuota>(true, ct);
        var events = ReadAsync<Corev1Event>(true, ct);
        var inventory = InventoryReading.RunAsync(reader, scope, ns, clock, ct);
        var read = new ClusterObjects
        {
            TakenAt = clock.GetUtcNow(),
            CompleteKinds = new HashSet<string>(),
            Namespaces = await namespaces,
            Nodes = await nodes,
            Pods = await pods,
            Deployments = await deployments,
            ReplicaSets = await replicaSets,
            StatefulSets = await statefulSets,
            DaemonSets = await daemonSets,
            Jobs = await jobs,
            CronJobs = await cronJobs,
            Services = await services,
            EndpointSlices = await slices,
            Ingresses = await ingresses,
            IngressClasses = await ingressClasses,
            Claims = await claims,
            Volumes = await volumes,
            StorageClasses = await storageClasses,
            Autoscalers = await autoscalers,
            Quotas = await quotas,
            Events = await events,
            Inventory = (await inventory).Value ?? ClusterInventory.None,
        };
        var complete = _complete.Where(k => k.Value).Select(k => k.Key).ToHashSet(StringComparer.Ordinal);
        if (_complete.IsEmpty && _failures.FirstOrDefault() is { } failure)
        {
            return failure;
        }

        return read with { CompleteKinds = complete, TakenAt = clock.GetUtcNow() };
    }

    public void Dispose() => _slots.Dispose();

    private async Task<IReadOnlyList<T>> ReadAsync<T>(bool namespaced, CancellationToken ct)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await _slots.WaitAsync(ct);
        try
        {
            var list = await reader.ListAsync<T>(new ObjectQuery(namespaced ? ns : null), ct);
            if (!list.IsOk)
            {
                _failures.Add(list.Failure);
                return [];
            }

            var kind = typeof(T).Name is "Corev1Event" ? "Event" : System.Text.RegularExpressions.Regex.Replace(typeof(T).Name, @"^V\d+", "");
            _complete[kind] = list.Value.Complete;
            return [.. list.Value.Items.Where(o => scope.Allows(o.Metadata?.NamespaceProperty ?? ""))];
        }
        finally
        {
            _slots.Release();
        }
    }
}
