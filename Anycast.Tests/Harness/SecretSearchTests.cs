using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Anycast.Tests.Harness;

/// <summary>A search that finds nothing proves nothing unless it finds what is there.</summary>
public sealed class SecretSearchTests
{
    private const string Secret = "CANARY-env-1f?>~z";
    private static readonly SecretSearch s_search = new(Secret);

    public static TheoryData<string, byte[]> Hidden()
    {
        var utf8 = Encoding.UTF8.GetBytes(Secret);
        var noise = Encoding.UTF8.GetBytes("{\"name\":\"some words around it\"}");
        byte[] In(byte[] bytes) => [.. noise, .. bytes, .. noise];
        byte[] Text(string text) => In(Encoding.UTF8.GetBytes(text));
        return new TheoryData<string, byte[]>
        {
            { "raw", In(utf8) },
            { "upper case", Text(Secret.ToUpperInvariant()) },
            { "base64 at 0", Text(Convert.ToBase64String(utf8)) },
            { "base64 at 1", Text(Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + Secret + "yz"))) },
            { "base64 at 2", Text(Convert.ToBase64String(Encoding.UTF8.GetBytes("xy" + Secret))) },
            { "base64url", Text(Convert.ToBase64String(utf8).Replace('+', '-').Replace('/', '_').TrimEnd('=')) },
            { "hex", Text(Convert.ToHexString(utf8)) },
            { "hex, lower case", Text(Convert.ToHexStringLower(utf8)) },
            { "URL", Text(Uri.EscapeDataString(Secret)) },
            { "percent", Text(string.Concat(utf8.Select(b => $"%{b:X2}"))) },
            { "JSON escapes", Text(string.Concat(Secret.Select(c => $"\\u{(int)c:X4}"))) },
            { "UTF-16", In(Encoding.Unicode.GetBytes(Secret)) },
            { "UTF-16 BE", In(Encoding.BigEndianUnicode.GetBytes(Secret)) },
            { "gzip", In(Pack(s => new GZipStream(s, CompressionMode.Compress))) },
            { "zlib", In(Pack(s => new ZLibStream(s, CompressionMode.Compress))) },
            { "zip", In(Zip()) },
            { "a Helm release", Text(Convert.ToBase64String(Encoding.ASCII.GetBytes(Convert.ToBase64String(Pack(s => new GZipStream(s, CompressionMode.Compress)))))) },
        };

        byte[] Pack(Func<Stream, Stream> packing)
        {
            using var packed = new MemoryStream();
            using (var stream = packing(packed))
            {
                stream.Write(Text(Secret));
            }

            return packed.ToArray();
        }

        byte[] Zip()
        {
            using var packed = new MemoryStream();
            using (var zip = new ZipArchive(packed, ZipArchiveMode.Create))
            {
                using var entry = zip.CreateEntry("export.json").Open();
                entry.Write(Text(string.Concat(Enumerable.Repeat(Secret, 20))));
            }

            return packed.ToArray();
        }
    }

    [Theory]
    [MemberData(nameof(Hidden), DisableDiscoveryEnumeration = true)]
    public void Find_HoweverItStandsThere_FindsIt(string how, byte[] bytes) => Assert.True(s_search.IsIn(bytes), how);

    [Fact]
    public void Find_WhereItIsNot_FindsNothing()
    {
        var random = new byte[1_000_000];
        new Random(5).NextBytes(random);
        Assert.Empty(s_search.Find(random));
        Assert.Empty(s_search.Find(JsonSerializer.Serialize(new { name = "CANARY-env-1f", other = Convert.ToBase64String(random[..3000]) })));
    }
}
