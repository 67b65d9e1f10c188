using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Leading;

/// <summary>What stands in a Lease (coordination.k8s.io/v1).</summary>
/// <param name="Holder">Who leads; empty when nobody does.</param>
/// <param name="Renewed">When the holder last said so, as it wrote it. Clocks of two nodes differ, so it is compared with itself alone.</param>
/// <param name="Seconds">For how long that holds.</param>
/// <param name="Transitions">How often the holder changed.</param>
/// <param name="ResourceVersion">The revision that was read; a write names it, so that of two one fails.</param>
internal sealed record LeaseRecord(string Holder, string Renewed, int Seconds, long Transitions, string ResourceVersion)
{
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static LeaseRecord Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var spec = document.RootElement.At("spec");
        return new LeaseRecord(
            spec.At("holderIdentity").Text(),
            spec.At("renewTime").Text(),
            spec.At("leaseDurationSeconds").Int(),
            spec.At("leaseTransitions").Long(),
            document.RootElement.At("metadata", "resourceVersion").Text());
    }

    /// <summary>A merge patch that puts a holder into the Lease as it was read.</summary>
    public byte[] Patch(string holder, int seconds, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        var stamp = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteString("resourceVersion", ResourceVersion);
        json.WriteEndObject();
        json.WriteStartObject("spec");
        json.WriteString("holderIdentity", holder);
        json.WriteNumber("leaseDurationSeconds", seconds);
        json.WriteString("renewTime", stamp);
        if (holder != Holder)
        {
            json.WriteString("acquireTime", stamp);
            json.WriteNumber("leaseTransitions", Transitions + 1);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
