using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>Lets a number of bytes through and then cuts the connection: an answer that breaks off.</summary>
internal sealed class TruncatingStream(Stream inner, int bytes, HttpContext http) : Stream
{
    private int _left = bytes;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var allowed = Math.Min(_left, buffer.Length);
        _left -= allowed;
        await inner.WriteAsync(buffer[..allowed], cancellationToken);
        if (allowed < buffer.Length)
        {
            await inner.FlushAsync(cancellationToken);
            http.Abort();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, Math.Min(count, _left));

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
