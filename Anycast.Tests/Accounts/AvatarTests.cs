using System.Buffers.Binary;
using System.Text;
using Anycast.Core.Accounts.Avatars;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using SkiaSharp;

namespace Anycast.Tests.Accounts;

/// <summary>Pictures of accounts: drawn anew, small, seen by teammates alone.</summary>
public sealed class AvatarTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    [PolicyClause("D02")]
    public async Task Draw_OfAPicture_GivesASmallSquare(SKEncodedImageFormat format)
    {
        var drawn = await DrawAsync(Picture(900, 600, format));
        Assert.True(drawn.IsOk, drawn.Failure?.Code);
        using var codec = SKCodec.Create(new MemoryStream(drawn.Value));
        Assert.Equal((SKEncodedImageFormat.Webp, AvatarImage.Side, AvatarImage.Side), (codec.EncodedFormat, codec.Info.Width, codec.Info.Height));
        Assert.True(drawn.Value.Length < 64 * 1024);
    }

    [Fact]
    [PolicyClause("D02")]
    public async Task Draw_OfAPhotographWithExif_KeepsNoneOfItAndTurnsItUpright()
    {
        var photograph = WithExif(Picture(800, 400, SKEncodedImageFormat.Jpeg), orientation: 6, "CANARY-GPS-52.5200N-13.4050E");
        Assert.Contains("CANARY-GPS", Encoding.Latin1.GetString(photograph), StringComparison.Ordinal);
        var drawn = await DrawAsync(photograph);
        Assert.DoesNotContain("CANARY", Encoding.Latin1.GetString(drawn.Value!), StringComparison.Ordinal);
        Assert.DoesNotContain("Exif", Encoding.Latin1.GetString(drawn.Value!), StringComparison.OrdinalIgnoreCase);

        // The file's left half is red; held as EXIF says, red is on top.
        using var shown = SKBitmap.Decode(drawn.Value);
        Assert.True(shown.GetPixel(128, 20) is { Red: > 180, Blue: < 80 }, shown.GetPixel(128, 20).ToString());
        Assert.True(shown.GetPixel(128, 236) is { Blue: > 180, Red: < 80 }, shown.GetPixel(128, 236).ToString());
    }

    [Fact]
    [PolicyClause("D02")]
    public async Task Draw_OfAPolyglot_KeepsThePictureAlone()
    {
        const string script = "<html><script>alert('CANARY')</script></html>";
        var drawn = await DrawAsync([.. Picture(300, 300, SKEncodedImageFormat.Png), .. Encoding.ASCII.GetBytes(script)]);
        Assert.True(drawn.IsOk);
        Assert.DoesNotContain("CANARY", Encoding.Latin1.GetString(drawn.Value), StringComparison.Ordinal);

        foreach (var other in new[] { script, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "GIF89a/*" + script, "", "%PDF-1.7" })
        {
            Assert.Equal("accounts.avatar_format", (await DrawAsync(Encoding.ASCII.GetBytes(other))).Failure!.Code);
        }
    }

    [Fact]
    [PolicyClause("D02")]
    public async Task Draw_OfABomb_IsRefusedBeforeItIsDecoded()
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.Equal("accounts.avatar_pixels", (await DrawAsync(ClaimedPng(30_000, 30_000))).Failure!.Code);
        Assert.Equal("accounts.avatar_pixels", (await DrawAsync(ClaimedPng(16_000, 16_000))).Failure!.Code);
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 4_000_000);
        Assert.Equal("accounts.avatar_large", (await DrawAsync(new byte[AvatarImage.MaxBytes + 1])).Failure!.Code);
        Assert.Equal("accounts.avatar_format", (await DrawAsync(Picture(300, 300, SKEncodedImageFormat.Jpeg)[..400])).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D02")]
    public async Task Set_Replace_Remove_VoidEachAddressBefore(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (service, seen) = (host.Get<AvatarService>(), new MemberAvatars(host.Get<IDbContextFactory<Anycast.Core.Data.AppDbContext>>()));
        var actor = await host.ActorAsync();
        Assert.Null(await service.OwnAsync(actor, default));
        var first = await service.SetAsync(actor, new MemoryStream(Picture(300, 300, SKEncodedImageFormat.Png)), default);
        Assert.True((await seen.FindAsync(actor, first.Value, default)).IsOk);
        var second = await service.SetAsync(actor, new MemoryStream(Picture(300, 300, SKEncodedImageFormat.Png)), default);
        Assert.Equal(second.Value, await service.OwnAsync(actor, default));
        Assert.Equal(Failure.NotFound, (await seen.FindAsync(actor, first.Value, default)).Failure);
        Assert.True((await service.RemoveAsync(actor, default)).IsOk);
        Assert.Equal(Failure.NotFound, (await seen.FindAsync(actor, second.Value, default)).Failure);
        Assert.Null(await service.OwnAsync(actor, default));
    }

    [Theory, EveryDatabase]
    public async Task Find_ByTeammatesAlone_FindsThePicture(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (actor, mate, stranger) = (await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync());
        var team = await host.Get<TeamService>().CreateAsync(actor, "Pictures", default);
        await host.JoinAsync(team.Value!.Id, mate.UserId, TeamRole.Viewer);
        var avatar = (await host.Get<AvatarService>().SetAsync(actor, new MemoryStream(Picture(300, 300, SKEncodedImageFormat.Png)), default)).Value;
        var seen = host.Get<MemberAvatars>();
        Assert.True((await seen.FindAsync(mate, avatar, default)).IsOk);
        foreach (var other in new[] { stranger, Actor.Anonymous, actor with { Kind = ActorKind.ApiToken } })
        {
            Assert.Equal(Failure.NotFound, (await seen.FindAsync(other, avatar, default)).Failure);
        }

        var members = await host.Get<TeamService>().MembersAsync(mate, team.Value.Slug, new PageRequest(), default);
        Assert.Equal(avatar, members.Value!.Items.Single(m => m.UserId == actor.UserId).AvatarId);
        Assert.Null(members.Value.Items.Single(m => m.UserId == mate.UserId).AvatarId);
    }

    internal static byte[] Picture(int width, int height, SKEncodedImageFormat format)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        surface.Canvas.Clear(SKColors.Blue);
        using var red = new SKPaint { Color = SKColors.Red };
        surface.Canvas.DrawRect(0, 0, width / 2f, height, red);
        using var image = surface.Snapshot();
        using var encoded = image.Encode(format, 95);
        return encoded.ToArray();
    }

    /// <summary>A PNG whose header claims so many pixels; the rest is as small as it gets.</summary>
    private static byte[] ClaimedPng(int width, int height)
    {
        var png = Picture(8, 8, SKEncodedImageFormat.Png);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc(png.AsSpan(12, 17)));
        return png;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }

    /// <summary>Puts an APP1 segment with an orientation and a description into a JPEG, as a camera does.</summary>
    private static byte[] WithExif(byte[] jpeg, short orientation, string text)
    {
        var note = Encoding.ASCII.GetBytes(text + "\0");
        var tiff = new byte[8 + 2 + 24 + 4 + note.Length];
        Encoding.ASCII.GetBytes("MM").CopyTo(tiff, 0);
        BinaryPrimitives.WriteInt16BigEndian(tiff.AsSpan(2), 42);
        BinaryPrimitives.WriteInt32BigEndian(tiff.AsSpan(4), 8);
        BinaryPrimitives.WriteInt16BigEndian(tiff.AsSpan(8), 2);
        WriteEntry(tiff.AsSpan(10), 0x010E, 2, note.Length, 38);
        WriteEntry(tiff.AsSpan(22), 0x0112, 3, 1, orientation << 16);
        note.CopyTo(tiff, 38);
        byte[] payload = [.. "Exif\0\0"u8, .. tiff];
        var length = new byte[2];
        BinaryPrimitives.WriteInt16BigEndian(length, (short)(payload.Length + 2));
        return [.. jpeg[..2], 0xFF, 0xE1, .. length, .. payload, .. jpeg[2..]];
    }

    private static void WriteEntry(Span<byte> at, short tag, short type, int count, int value)
    {
        BinaryPrimitives.WriteInt16BigEndian(at, tag);
        BinaryPrimitives.WriteInt16BigEndian(at[2..], type);
        BinaryPrimitives.WriteInt32BigEndian(at[4..], count);
        BinaryPrimitives.WriteInt32BigEndian(at[8..], value);
    }

    private static Task<Outcome<byte[]>> DrawAsync(byte[] upload) => AvatarImage.DrawAsync(new MemoryStream(upload), default);
}
