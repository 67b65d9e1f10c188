using System.IO.Pipelines;
using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// Reads a list or an object of the Kubernetes API from a stream and writes it, projected, to a pipe. Used by the agent towards
/// the tunnel and again by the service on what arrives.
/// </summary>
public static class ProjectedCopy
{
    private const int FlushAt = 64 * 1024;

    /// <summary>Copies a list item by item. Items that can't be projected are left out and counted as withheld.</summary>
    /// <param name="kind">The kind of the items.</param>
    /// <param name="apiVersion">What the list says of its API version.</param>
    /// <exception cref="ProjectionException">The answer is no list of that kind.</exception>
    public static async Task<ProjectionCounts> ListAsync(Projector projector, string kind, string apiVersion, Stream source, PipeWriter target, CancellationToken cancellationToken)
    {
        using var list = new JsonListReader(source);
        var root = projector.Specification.For(kind);
        var counts = default(ProjectionCounts);
        var first = true;
        var unflushed = 0L;
        var item = await list.NextAsync(cancellationToken).ConfigureAwait(false);
        CheckKind(list, kind);
        Write(target, $"{{\"kind\":\"{kind}List\",\"apiVersion\":\"{apiVersion}\",\"items\":[");
        while (item is { } json)
        {
            try
            {
                var projected = projector.Project(root, kind, json.Span);
                counts += projected.Counts;
                if (!first)
                {
                    Write(target, ",");
                }

                first = false;
                Write(target, projected);
                unflushed += projected.Json.Length;
            }
            catch (ProjectionException)
            {
                counts += new ProjectionCounts(1, 0);
            }

            if (unflushed >= FlushAt)
            {
                unflushed = 0;
                await target.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            item = await list.NextAsync(cancellationToken).ConfigureAwait(false);
        }

        CheckKind(list, kind);
        Write(target, "],\"metadata\":");
        counts += Envelope(projector, list.Metadata, target);
        Write(target, "}");
        await target.FlushAsync(cancellationToken).ConfigureAwait(false);
        return counts;
    }

    /// <summary>Copies one object. Nothing is written when it can't be projected.</summary>
    /// <exception cref="ProjectionException">The answer is no object of that kind.</exception>
    public static async Task<Projected> ObjectAsync(Projector projector, string kind, Stream source, CancellationToken cancellationToken)
    {
        var json = await BodyReader.ReadAsync(source, Projector.MaxObjectBytes, cancellationToken).ConfigureAwait(false);
        return projector.Project(kind, json);
    }

    /// <summary>Writes a projected object to the tunnel.</summary>
    public static void Write(PipeWriter target, Projected projected)
    {
        var json = projected.Json.Span;
        json.CopyTo(target.GetSpan(json.Length));
        target.Advance(json.Length);
    }

    private static void CheckKind(JsonListReader list, string kind)
    {
        if (list.Kind is { } named && named != kind + "List")
        {
            throw new ProjectionException("WrongKind");
        }
    }

    private static ProjectionCounts Envelope(Projector projector, byte[]? metadata, PipeWriter target)
    {
        if (metadata is null || metadata.AsSpan().SequenceEqual("null"u8))
        {
            Write(target, "{}");
            return default;
        }

        // The envelope's tree begins at the list, so its metadata is wrapped as the list has it.
        byte[] wrapped = [.. "{\"metadata\":"u8, .. metadata, .. "}"u8];
        var projected = projector.Project(RedactionSpecification.ListEnvelope, wrapped);
        var json = projected.Json.Span;
        var inner = json.SequenceEqual("{}"u8) ? "{}"u8 : json["{\"metadata\":"u8.Length..^1];
        inner.CopyTo(target.GetSpan(inner.Length));
        target.Advance(inner.Length);
        return projected.Counts;
    }

    private static void Write(PipeWriter target, string text)
    {
        var span = target.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        target.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
