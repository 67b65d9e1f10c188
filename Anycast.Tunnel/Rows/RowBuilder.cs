using System.Buffers;
using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Rows;

/// <summary>A row and what the agent needs beside it.</summary>
/// <param name="Row">The row.</param>
/// <param name="ResourceVersion">Where a watch goes on from; empty when unknown.</param>
/// <param name="MayAge">True when the same object is judged differently once its grace has passed.</param>
/// <param name="Source">The projected fields that the row was made from.</param>
public readonly record struct BuiltRow(ResourceRow Row, string ResourceVersion, bool MayAge, Projected Source);

/// <summary>Makes the row of an object from its projected fields. Not thread-safe: one per stream.</summary>
public sealed class RowBuilder(string kind, Projector projector) : IDisposable
{
    private readonly FieldNode fields = RowFields.For(kind);
    private readonly ArrayBufferWriter<byte> buffer = new(4096);
    private readonly Utf8JsonWriter writer = Projector.NewWriter(new ArrayBufferWriter<byte>(16));

    /// <summary>Makes the row of one raw object.</summary>
    /// <exception cref="ProjectionException">The object can't be projected.</exception>
    public BuiltRow Build(ReadOnlySpan<byte> json, DateTimeOffset now, bool keepSource = false)
    {
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        var counts = projector.Run(fields, kind, json, writer);
        return Build(buffer.WrittenMemory, counts, now, keepSource);
    }

    /// <summary>Judges an object again, from the fields that were kept.</summary>
    public BuiltRow Again(Projected source, DateTimeOffset now) => Build(source.Json, source.Counts, now, keepSource: true);

    public void Dispose() => writer.Dispose();

    private BuiltRow Build(ReadOnlyMemory<byte> projected, ProjectionCounts counts, DateTimeOffset now, bool keepSource)
    {
        using var document = JsonDocument.Parse(projected);
        var root = document.RootElement;
        var row = Row(root, now);
        var mayAge = row.Health == Health.Progressing && row is PodRow or WorkloadRow;
        return new BuiltRow(row, root.At("metadata", "resourceVersion").Text(), mayAge, mayAge && keepSource ? new Projected(projected.ToArray(), counts) : Empty);
    }

    private static readonly Projected Empty = new([], default);

    private ResourceRow Row(JsonElement root, DateTimeOffset now) => kind switch
    {
        "Pod" => PodRows.Build(root, now),
        "Node" => NodeRows.Build(root),
        "Namespace" => SmallRows.Namespace(root),
        "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet" => WorkloadRows.Build(kind, root, now),
        "Job" => SmallRows.Job(root),
        "CronJob" => SmallRows.CronJob(root),
        "Service" => SmallRows.Service(root),
        "EndpointSlice" => SmallRows.EndpointSlice(root),
        "Ingress" => SmallRows.Ingress(root),
        "PersistentVolumeClaim" => SmallRows.Claim(root),
        "Event" => SmallRows.Event(root),
        _ => throw new InvalidOperationException($"No rows of {kind}"),
    };
}

/// <summary>What every row takes from the metadata.</summary>
internal readonly record struct RowMeta(string Namespace, string Name, string Uid, long Created, bool Deleting, string OwnerKind, string OwnerName)
{
    public static RowMeta Of(JsonElement root)
    {
        var meta = root.At("metadata");
        string ownerKind = "", ownerName = "";
        foreach (var owner in meta.At("ownerReferences").Items())
        {
            if (owner.At("controller").True() || ownerKind.Length == 0)
            {
                (ownerKind, ownerName) = (owner.At("kind").Text(), owner.At("name").Text());
                if (owner.At("controller").True())
                {
                    break;
                }
            }
        }

        return new RowMeta(
            meta.At("namespace").Text(),
            meta.At("name").Text(),
            meta.At("uid").Text(),
            meta.At("creationTimestamp").Ticks(),
            meta.At("deletionTimestamp").Exists(),
            ownerKind,
            ownerName);
    }
}
