using Anycast.Core.Common;

namespace Anycast.Core.Accounts.Avatars;

/// <summary>The picture of an account (D02): drawn anew from what was uploaded, of which nothing is kept.</summary>
public sealed class Avatar
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    /// <summary>Random, in the picture's address; a new picture has a new one.</summary>
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    /// <summary>WebP, <see cref="AvatarImage.Side"/> pixels square.</summary>
    [Classified(DataClass.Preference)]
    public byte[] Image { get; set; } = [];

    [Classified(DataClass.Preference)]
    public DateTimeOffset UploadedAt { get; set; }
}
