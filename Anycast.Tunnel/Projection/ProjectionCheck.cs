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
        using var output = new LimitedStream(most);
        var writer = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        var counts = await ProjectedCopy.ListAsync(projector, kind, apiVersion, source, writer, cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
        Count(kind, counts);
        return output.ToArray();
    }

    /// <summary>Counts cells of rows that did not fit their type.</summary>
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

    private sealed class LimitedStream(int most) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Length + buffer.Length > most)
            {
                throw new ProjectionException("TooLarge");
            }

            base.Write(buffer);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
