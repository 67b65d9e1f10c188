using System.Buffers;
using System.IO.Pipelines;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The service's own projection of what an agent sent. It does not trust the agent's version: it drops every difference, counts it,
/// and raises the alarm when the agent's specification is not newer than its own (a newer one may rightly name more fields).
/// </summary>
/// <param name="agentSpecification">The version of the allow-list that the agent said it has.</param>
/// <param name="alarm">Called with the kind and the number of differences.</param>
public sealed class ProjectionCheck(Projector projector, int agentSpecification, Action<string, int>? alarm = null)
{
    private long differences;

    /// <summary>How many leaves were dropped or withheld that the agent had let through.</summary>
    public long Differences => Interlocked.Read(ref differences);

    /// <summary>Projects one object again.</summary>
    public byte[] Object(string kind, ReadOnlySpan<byte> json)
    {
        var projected = projector.Project(kind, json);
        Count(kind, projected.Counts);
        return projected.Json.ToArray();
    }

    /// <summary>Projects a list again, up to <paramref name="most"/> bytes of result.</summary>
    public async Task<byte[]> ListAsync(string kind, string apiVersion, Stream source, int most, CancellationToken cancellationToken)
    {
        var output = new LimitedWriter(most);
        var counts = await ProjectedCopy.ListAsync(projector, kind, apiVersion, source, output, cancellationToken).ConfigureAwait(false);
        Count(kind, counts);
        return output.ToArray();
    }

    /// <summary>Counts values elsewhere (cells of rows, diffs) that did not fit their type.</summary>
    public void Count(string kind, int found) => Count(kind, new ProjectionCounts(found, 0));

    private void Count(string kind, ProjectionCounts counts)
    {
        if (counts.Total == 0)
        {
            return;
        }

        Interlocked.Add(ref differences, counts.Total);
        if (agentSpecification <= projector.Specification.Version)
        {
            alarm?.Invoke(kind, counts.Total);
        }
    }

    /// <summary>A pipe that ends in memory, up to a limit.</summary>
    private sealed class LimitedWriter(int most) : PipeWriter
    {
        private readonly ArrayBufferWriter<byte> buffer = new(64 * 1024);

        public byte[] ToArray() => buffer.WrittenSpan.ToArray();

        public override void Advance(int bytes)
        {
            buffer.Advance(bytes);
            if (buffer.WrittenCount > most)
            {
                throw new ProjectionException("TooLarge");
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => buffer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => buffer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(default(FlushResult));

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
