using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Projection;
using k8s.Models;

namespace Anycast.Tests.Tunnel;

/// <summary>Ten thousand generated objects of every kind: no canary passes, everything that may arrive does.</summary>
public sealed class CanaryTests
{
    private const int ObjectsPerKind = 300;

    private static readonly Dictionary<string, Type> Models = new(StringComparer.Ordinal)
    {
        ["Pod"] = typeof(V1Pod),
        ["Deployment"] = typeof(V1Deployment),
        ["ReplicaSet"] = typeof(V1ReplicaSet),
        ["StatefulSet"] = typeof(V1StatefulSet),
        ["DaemonSet"] = typeof(V1DaemonSet),
        ["Job"] = typeof(V1Job),
        ["CronJob"] = typeof(V1CronJob),
        ["Service"] = typeof(V1Service),
        ["Ingress"] = typeof(V1Ingress),
        ["IngressClass"] = typeof(V1IngressClass),
        ["PersistentVolumeClaim"] = typeof(V1PersistentVolumeClaim),
        ["PersistentVolume"] = typeof(V1PersistentVolume),
        ["StorageClass"] = typeof(V1StorageClass),
        ["Node"] = typeof(V1Node),
        ["Namespace"] = typeof(V1Namespace),
        ["Event"] = typeof(Corev1Event),
        ["ServiceAccount"] = typeof(V1ServiceAccount),
        ["HorizontalPodAutoscaler"] = typeof(V2HorizontalPodAutoscaler),
        ["PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["ResourceQuota"] = typeof(V1ResourceQuota),
        ["LimitRange"] = typeof(V1LimitRange),
        ["EndpointSlice"] = typeof(V1EndpointSlice),
        ["CustomResourceDefinition"] = typeof(V1CustomResourceDefinition),
        ["ControllerRevision"] = typeof(V1ControllerRevision),
        ["Lease"] = typeof(V1Lease),
        ["ReplicationController"] = typeof(V1ReplicationController),
        ["PriorityClass"] = typeof(V1PriorityClass),
        ["VolumeAttachment"] = typeof(V1VolumeAttachment),
        ["CSIDriver"] = typeof(V1CSIDriver),
        ["CSINode"] = typeof(V1CSINode),
        ["Secret"] = typeof(V1Secret),
        ["ConfigMap"] = typeof(V1ConfigMap),
        ["Certificate"] = typeof(V1Deployment),
    };

    [Fact]
    [PolicyClause("S07")]
    public void Objects_OfEveryKindFullOfCanaries_PassWithoutOne()
    {
        var (objects, found, time) = Project(ObjectsPerKind, seed: 1000);
        Assert.Empty(found.Take(3));
        Assert.True(objects >= 10_000, $"{objects} objects");
        Assert.True(time < TimeSpan.FromSeconds(60), $"{objects} objects take {time} of a machine that does nothing else");
    }

    [Fact]
    [Trait("Category", "Long")]
    [PolicyClause("S07")]
    public void Objects_AMillionOfThem_PassWithoutOne()
    {
        var clock = Stopwatch.StartNew();
        var (objects, found, _) = Project((1_000_000 / Models.Count) + 1, Environment.TickCount);
        Assert.True(objects >= 1_000_000, $"{objects} objects");
        FaultFigures.Record(
            "Generated objects full of canaries, projected",
            ("objects", objects, "", null),
            ("canaries that passed", found.Count, "", 0),
            ("time", clock.Elapsed.TotalSeconds, "s", null));
        Assert.Empty(found.Take(3));
    }

    /// <summary>
    /// So many objects of every kind; the kinds at once, as there are cores. The time is what they take where nothing else runs: of each kind, that of
    /// the faster quarter, for the rest may have waited for the processor.
    /// </summary>
    private static (int Objects, IReadOnlyCollection<string> Found, TimeSpan Time) Project(int each, int seed)
    {
        var objects = 0;
        var ticks = 0L;
        var found = new ConcurrentQueue<string>();
        var search = new SecretSearch(CanaryObjects.Traces);
        Parallel.ForEach(Models, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, model =>
        {
            var (kind, type) = model;
            var canaries = new CanaryObjects(seed + kind.Length);
            var passed = new StringBuilder();
            var times = new long[each];
            for (var i = 0; i < each; i++)
            {
                var began = Stopwatch.GetTimestamp();
                var json = canaries.Make(type, kind);
                var projected = Projector.Current.Project(kind, json);
                var text = Encoding.UTF8.GetString(projected.Json.Span);
                Interlocked.Increment(ref objects);
                if (CanaryObjects.HasTrace(text))
                {
                    found.Enqueue($"{kind} (seed {seed}): {CanaryObjects.Around(text)}");
                }

                // In any encoding besides, many at a time.
                passed.Append(text);
                if (passed.Length > 1_000_000 || i == each - 1)
                {
                    foreach (var hit in search.Find(passed.ToString()))
                    {
                        found.Enqueue($"{kind} (seed {seed}): {hit}");
                    }

                    passed.Clear();
                }

                // The positive controls: the canaries are there without the projection, and what may arrive arrives.
                Assert.True(canaries.Planted > 0 && CanaryObjects.HasTrace(Encoding.UTF8.GetString(json)), $"nothing planted in {kind}");
                Assert.Equal(canaries.Arriving, CanaryObjects.CountArrived(text));

                // What was projected once is what the service's check leaves as it is.
                Assert.Equal(0, Projector.Current.Project(kind, projected.Json.Span).Counts.Total);
                times[i] = Stopwatch.GetTimestamp() - began;
            }

            Array.Sort(times);
            Interlocked.Add(ref ticks, times[each / 4] * each);
        });
        return (objects, found, Stopwatch.GetElapsedTime(0, ticks / Environment.ProcessorCount));
    }

    [Fact]
    public void Kinds_OfTheSpecification_AreAllTried() =>
        Assert.Empty(RedactionSpecification.Current.Kinds.Except(Models.Keys).Except(["PodMetrics", "NodeMetrics", "ObjectInventory"]));
}
