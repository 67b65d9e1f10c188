using System.Buffers;
using System.Text.Json;

namespace Anycast.Tunnel.Rows;

/// <summary>
/// Writes the lines of a Rows stream: one JSON array each, its first cell the <see cref="RowChangeType"/>. The kind is the stream's
/// and is not repeated. The order of the cells is the contract with <see cref="RowReader"/>.
/// </summary>
public sealed class RowWriter : IDisposable
{
    private readonly IBufferWriter<byte> target;
    private readonly Utf8JsonWriter json;

    public RowWriter(IBufferWriter<byte> target)
    {
        this.target = target;
        json = Projection.Projector.NewWriter(target);
    }

    public void Write(RowChangeType type) => Line(type, static _ => { });

    public void Error(string code)
    {
        Start(RowChangeType.Error);
        json.WriteStringValue(code);
        End();
    }

    public void Delete(string ns, string name)
    {
        Start(RowChangeType.Delete);
        json.WriteStringValue(ns);
        json.WriteStringValue(name);
        End();
    }

    public void Upsert(ResourceRow row)
    {
        Start(RowChangeType.Upsert);
        Texts(row.Namespace, row.Name, row.Uid);
        json.WriteNumberValue(row.CreatedTicks / TimeSpan.TicksPerSecond);
        json.WriteNumberValue((int)row.Health);
        Texts(row.Status, row.OwnerKind, row.OwnerName);
        Cells(row);
        End();
    }

    public void Dispose() => json.Dispose();

    private void Cells(ResourceRow row)
    {
        switch (row)
        {
            case PodRow pod:
                Numbers(pod.ReadyContainers, pod.Containers, pod.Restarts);
                Texts(pod.Node, pod.PodIp, pod.Image);
                break;
            case NodeRow node:
                Texts(node.Roles, node.Version, node.OsImage, node.Architecture);
                Numbers(node.AllocatableCpuMillis, node.AllocatableMemoryBytes, node.AllocatablePods, node.Unschedulable ? 1 : 0);
                Texts(node.Pressures);
                break;
            case WorkloadRow workload:
                Numbers(workload.Desired, workload.Ready, workload.Updated, workload.Available);
                Texts(workload.Image);
                break;
            case JobRow job:
                Numbers(job.Active, job.Succeeded, job.Failed);
                Texts(job.Schedule);
                Numbers(job.Suspended ? 1 : 0, job.LastRunTicks);
                break;
            case ServiceRow service:
                Texts(service.Type, service.ClusterIp, service.Ports);
                break;
            case EndpointSliceRow slice:
                Numbers(slice.Ready, slice.Endpoints);
                break;
            case IngressRow ingress:
                Texts(ingress.Class, ingress.Hosts, ingress.Backends);
                break;
            case ClaimRow claim:
                Texts(claim.StorageClass, claim.Volume);
                Numbers(claim.RequestedBytes);
                break;
            case EventRow e:
                Texts(e.Type, e.Reason, e.Message);
                Numbers(e.Count, e.LastSeenTicks);
                Texts(e.ObjectKind, e.ObjectName, e.ObjectUid);
                break;
            default:
                break;
        }
    }

    private void Line(RowChangeType type, Action<Utf8JsonWriter> cells)
    {
        Start(type);
        cells(json);
        End();
    }

    private void Start(RowChangeType type)
    {
        json.WriteStartArray();
        json.WriteNumberValue((int)type);
    }

    private void End()
    {
        json.WriteEndArray();
        json.Flush();
        json.Reset(target);
        target.GetSpan(1)[0] = (byte)'\n';
        target.Advance(1);
    }

    private void Texts(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
    }

    private void Numbers(params ReadOnlySpan<long> numbers)
    {
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }
    }
}
