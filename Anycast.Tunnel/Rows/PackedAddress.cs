using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Anycast.Tunnel.Rows;

/// <summary>IPv4 addresses in four bytes instead of a string of forty.</summary>
internal static class PackedAddress
{
    public static bool TryPack(string text, out uint packed)
    {
        packed = 0;
        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetwork || address.ToString() != text)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        packed = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return packed != 0;
    }
}
