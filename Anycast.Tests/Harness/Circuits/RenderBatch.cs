using System.Buffers.Binary;
using System.Text;

namespace Anycast.Tests.Harness.Circuits;

/// <summary>An event that a page listens to: on which element, with which attributes, and the number by which a browser names it.</summary>
internal sealed record PageHandler(string Element, IReadOnlyDictionary<string, string> Attributes, string Event, ulong Id);

/// <summary>Reads what a circuit sends to be drawn, as far as handlers go.</summary>
internal static class RenderBatch
{
    private const int FrameSize = 20;
    private const int Element = 1;
    private const int Attribute = 3;

    public static IEnumerable<PageHandler> Handlers(byte[] batch)
    {
        var frames = Int(batch, batch.Length - 16);
        var strings = Int(batch, batch.Length - 4);
        var count = Int(batch, frames);
        string? Text(int index)
        {
            if (index < 0)
            {
                return null;
            }

            var at = Int(batch, strings + (index * 4));
            int length = 0, shift = 0;
            byte part;
            do
            {
                part = batch[at++];
                length |= (part & 0x7F) << shift;
                shift += 7;
            }
            while ((part & 0x80) != 0);
            return Encoding.UTF8.GetString(batch, at, length);
        }

        var found = new List<PageHandler>();
        var (element, attributes) = ("", new Dictionary<string, string>(StringComparer.Ordinal));
        for (var i = 0; i < count; i++)
        {
            var at = frames + 4 + (i * FrameSize);
            switch (Int(batch, at))
            {
                case Element:
                    (element, attributes) = (Text(Int(batch, at + 8)) ?? "", new Dictionary<string, string>(StringComparer.Ordinal));
                    break;
                case Attribute:
                    var name = Text(Int(batch, at + 4)) ?? "";
                    if (BinaryPrimitives.ReadUInt64LittleEndian(batch.AsSpan(at + 12)) is > 0 and var id)
                    {
                        found.Add(new PageHandler(element, attributes, name.StartsWith("on", StringComparison.Ordinal) ? name[2..] : name, id));
                    }
                    else
                    {
                        attributes[name] = Text(Int(batch, at + 8)) ?? "";
                    }

                    break;
                default:
                    (element, attributes) = ("", new Dictionary<string, string>(StringComparer.Ordinal));
                    break;
            }
        }

        return found;
    }

    private static int Int(byte[] from, int at) => BinaryPrimitives.ReadInt32LittleEndian(from.AsSpan(at));
}
