using System.Buffers.Binary;
using System.Text;

namespace Anycast.Tests.Harness.Circuits;

/// <summary>What a browser and a circuit say to each other: SignalR's MessagePack with the few types that Blazor uses, written by hand.</summary>
internal static class BlazorPack
{
    /// <summary>An invocation without an answer (or with one, when it has an id).</summary>
    public static byte[] Invocation(string target, string? id, params object?[] arguments)
    {
        using var body = new MemoryStream();
        body.WriteByte(0x96); // [1, headers, id, target, arguments, streams]
        body.WriteByte(1);
        body.WriteByte(0x80);
        Write(body, id);
        Write(body, target);
        body.WriteByte((byte)(0x90 | arguments.Length));
        foreach (var argument in arguments)
        {
            Write(body, argument);
        }

        body.WriteByte(0x90);
        return Framed(body.ToArray());
    }

    public static byte[] Ping() => Framed([0x91, 6]);

    /// <summary>The messages of one WebSocket message.</summary>
    public static IEnumerable<object?[]> Messages(byte[] frame)
    {
        var at = 0;
        while (at < frame.Length)
        {
            int length = 0, shift = 0;
            byte part;
            do
            {
                part = frame[at++];
                length |= (part & 0x7F) << shift;
                shift += 7;
            }
            while ((part & 0x80) != 0);
            var position = 0;
            yield return (object?[])Read(frame.AsSpan(at, length), ref position)!;
            at += length;
        }
    }

    private static byte[] Framed(byte[] body)
    {
        var prefix = new List<byte>();
        var left = body.Length;
        do
        {
            prefix.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
            left >>= 7;
        }
        while (left > 0);
        return [.. prefix, .. body];
    }

    private static void Write(Stream to, object? value)
    {
        Span<byte> number = stackalloc byte[8];
        switch (value)
        {
            case null:
                to.WriteByte(0xC0);
                break;
            case bool flag:
                to.WriteByte(flag ? (byte)0xC3 : (byte)0xC2);
                break;
            case int or long:
                BinaryPrimitives.WriteInt64BigEndian(number, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                to.WriteByte(0xD3);
                to.Write(number);
                break;
            case string text:
                var bytes = Encoding.UTF8.GetBytes(text);
                BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
                to.WriteByte(0xDB);
                to.Write(number[..4]);
                to.Write(bytes);
                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static object? Read(ReadOnlySpan<byte> from, ref int at)
    {
        var type = from[at++];
        switch (type)
        {
            case <= 0x7F:
                return (long)type;
            case >= 0xE0:
                return (long)(sbyte)type;
            case >= 0xA0 and <= 0xBF:
                return Text(from, type & 0x1F, ref at);
            case >= 0x90 and <= 0x9F:
                return List(from, type & 0x0F, ref at);
            case >= 0x80 and <= 0x8F:
                return Map(from, type & 0x0F, ref at);
        }

        return type switch
        {
            0xC0 => null,
            0xC2 => false,
            0xC3 => true,
            0xC4 => Bytes(from, (int)Number(from, 1, ref at), ref at),
            0xC5 => Bytes(from, (int)Number(from, 2, ref at), ref at),
            0xC6 => Bytes(from, (int)Number(from, 4, ref at), ref at),
            0xCA => (double)BitConverter.Int32BitsToSingle((int)Number(from, 4, ref at)),
            0xCB => BitConverter.Int64BitsToDouble(Number(from, 8, ref at)),
            0xCC or 0xD0 => Number(from, 1, ref at),
            0xCD or 0xD1 => Number(from, 2, ref at),
            0xCE or 0xD2 => Number(from, 4, ref at),
            0xCF or 0xD3 => Number(from, 8, ref at),
            0xD9 => Text(from, (int)Number(from, 1, ref at), ref at),
            0xDA => Text(from, (int)Number(from, 2, ref at), ref at),
            0xDB => Text(from, (int)Number(from, 4, ref at), ref at),
            0xDC => List(from, (int)Number(from, 2, ref at), ref at),
            _ => throw new NotSupportedException($"MessagePack type {type:x2}"),
        };
    }

    private static long Number(ReadOnlySpan<byte> from, int size, ref int at)
    {
        long value = 0;
        for (var i = 0; i < size; i++)
        {
            value = (value << 8) | from[at++];
        }

        return value;
    }

    private static string Text(ReadOnlySpan<byte> from, int length, ref int at)
    {
        at += length;
        return Encoding.UTF8.GetString(from.Slice(at - length, length));
    }

    private static byte[] Bytes(ReadOnlySpan<byte> from, int length, ref int at)
    {
        at += length;
        return from.Slice(at - length, length).ToArray();
    }

    private static object?[] List(ReadOnlySpan<byte> from, int length, ref int at)
    {
        var list = new object?[length];
        for (var i = 0; i < length; i++)
        {
            list[i] = Read(from, ref at);
        }

        return list;
    }

    private static object? Map(ReadOnlySpan<byte> from, int length, ref int at)
    {
        for (var i = 0; i < length * 2; i++)
        {
            Read(from, ref at); // Headers: nothing of ours.
        }

        return null;
    }
}
