using Anycast.Core.Common;
using SkiaSharp;

namespace Anycast.Core.Accounts.Avatars;

/// <summary>
/// Makes an avatar of an uploaded picture: decoded, turned upright, cut square, drawn small and encoded anew, so that no byte of the upload is
/// served: neither EXIF nor what somebody hid behind the picture (D02).
/// </summary>
public static class AvatarImage
{
    /// <summary>Pixels of a side.</summary>
    public const int Side = 256;

    /// <summary>The largest upload.</summary>
    public const int MaxBytes = 2 * 1024 * 1024;

    public const string ContentType = "image/webp";

    // The header says how large a picture is: a small file can claim gigabytes. Looked at before a pixel is decoded.
    private const int LongestSide = 16_384;
    private const long MostPixels = 24_000_000;

    // Each decoding takes up to a hundred megabytes for a moment.
    private static readonly SemaphoreSlim s_one = new(1);

    /// <summary>The picture as WebP, or why not.</summary>
    public static async Task<Outcome<byte[]>> DrawAsync(Stream upload, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[81_920];
        for (int read; (read = await upload.ReadAsync(buffer, ct)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
            {
                return new Failure(FailureKind.Invalid, "accounts.avatar_large", MaxBytes / 1024 / 1024);
            }

            bytes.Write(buffer, 0, read);
        }

        await s_one.WaitAsync(ct);
        try
        {
            return Draw(bytes.ToArray());
        }
        finally
        {
            s_one.Release();
        }
    }

    private static Outcome<byte[]> Draw(byte[] upload)
    {
        using var data = SKData.CreateCopy(upload);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Webp))
        {
            return new Failure(FailureKind.Invalid, "accounts.avatar_format");
        }

        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1 || Math.Max(width, height) > LongestSide)
        {
            return new Failure(FailureKind.Invalid, "accounts.avatar_pixels");
        }

        // JPEG can be decoded at an eighth; then a photograph of a hundred megapixels costs no more than a small one.
        var size = codec.GetScaledDimensions(Math.Min(1f, Math.Max(0.125f, 2f * Side / Math.Min(width, height))));
        if ((long)size.Width * size.Height > MostPixels)
        {
            return new Failure(FailureKind.Invalid, "accounts.avatar_pixels");
        }

        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul);
        using var decoded = new SKBitmap(info);
        if (codec.GetPixels(info, decoded.GetPixels()) != SKCodecResult.Success)
        {
            return new Failure(FailureKind.Invalid, "accounts.avatar_format");
        }

        using var image = SKImage.FromBitmap(decoded);
        using var surface = SKSurface.Create(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Premul));
        var (turn, isTurned) = Upright(codec.EncodedOrigin, size.Width, size.Height);
        var (shownWidth, shownHeight) = isTurned ? (size.Height, size.Width) : (size.Width, size.Height);
        var scale = (float)Side / Math.Min(shownWidth, shownHeight);
        var canvas = surface.Canvas;
        canvas.Clear(SKColors.Transparent);
        canvas.Translate((Side - (shownWidth * scale)) / 2, (Side - (shownHeight * scale)) / 2);
        canvas.Scale(scale);
        canvas.Concat(turn);
        canvas.DrawImage(image, 0, 0, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using var drawn = surface.Snapshot();
        using var encoded = drawn.Encode(SKEncodedImageFormat.Webp, 85);
        return encoded.ToArray();
    }

    /// <summary>How EXIF says a camera was held (TIFF 6.0, Orientation): where a pixel of the file belongs.</summary>
    private static (SKMatrix Turn, bool IsTurned) Upright(SKEncodedOrigin origin, int w, int h) => origin switch
    {
        SKEncodedOrigin.TopRight => (new SKMatrix(-1, 0, w, 0, 1, 0, 0, 0, 1), false),
        SKEncodedOrigin.BottomRight => (new SKMatrix(-1, 0, w, 0, -1, h, 0, 0, 1), false),
        SKEncodedOrigin.BottomLeft => (new SKMatrix(1, 0, 0, 0, -1, h, 0, 0, 1), false),
        SKEncodedOrigin.LeftTop => (new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1), true),
        SKEncodedOrigin.RightTop => (new SKMatrix(0, -1, h, 1, 0, 0, 0, 0, 1), true),
        SKEncodedOrigin.RightBottom => (new SKMatrix(0, -1, h, -1, 0, w, 0, 0, 1), true),
        SKEncodedOrigin.LeftBottom => (new SKMatrix(0, 1, 0, -1, 0, w, 0, 0, 1), true),
        _ => (SKMatrix.Identity, false),
    };
}
