using System.Buffers;
using System.Text.Json;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// Projects Kubernetes objects onto the allow-list of fields. Default is drop: what the specification does not name, what does
/// not fit its leaf type and what a detector recognises does not get through. Thread-safe.
/// </summary>
public sealed class Projector(RedactionSpecification specification, MessageTemplates templates)
{
    /// <summary>No object may be larger (bytes of JSON).</summary>
    public const int MaxObjectBytes = 16 * 1024 * 1024;

    /// <summary>No object may nest deeper.</summary>
    public const int MaxDepth = 64;

    private const int KeptOutput = 256 * 1024;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? t_output;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The projector with the specification and the templates of this assembly.</summary>
    public static Projector Current { get; } = new(RedactionSpecification.Current, MessageTemplates.Current);

    public RedactionSpecification Specification => specification;

    /// <summary>Projects one object that should be of <paramref name="kind"/>.</summary>
    /// <exception cref="ProjectionException">The text is no acceptable object; nothing of it passes.</exception>
    public Projected Project(string kind, ReadOnlySpan<byte> json) => Project(specification.For(kind), kind, json);

    internal Projected Project(FieldNode root, string kind, ReadOnlySpan<byte> json)
    {
        // A projection neither waits nor calls another, so each thread needs but one writer.
        var (buffer, writer) = t_output ??= NewOutput();
        try
        {
            var counts = Run(root, kind, json, writer);
            return new Projected(buffer.WrittenSpan.ToArray(), counts);
        }
        finally
        {
            if (buffer.Capacity > KeptOutput)
            {
                t_output = null;
            }
            else
            {
                buffer.ResetWrittenCount();
                writer.Reset(buffer);
            }
        }
    }

    /// <summary>Projects into a writer of the caller's, which is flushed.</summary>
    internal ProjectionCounts Run(FieldNode root, string kind, ReadOnlySpan<byte> json, Utf8JsonWriter writer)
    {
        if (json.Length > MaxObjectBytes)
        {
            throw new ProjectionException("TooLarge");
        }

        var run = new ProjectionRun(specification, templates, writer, kind);
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new ProjectionException("InvalidJson");
            }

            run.Root(root, ref reader);
            if (reader.Read())
            {
                throw new ProjectionException("InvalidJson");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JsonException: malformed or too deep. InvalidOperationException: invalid UTF-8 in an escaped string.
            throw new ProjectionException("InvalidJson");
        }

        writer.Flush();
        return run.Counts;
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) NewOutput()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        return (buffer, NewWriter(buffer));
    }

    internal static Utf8JsonWriter NewWriter(IBufferWriter<byte> buffer) => new(buffer, WriterOptions);
}
