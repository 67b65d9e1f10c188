using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Common.Sealing;

internal sealed class OwnerKeyMapping : IEntityTypeConfiguration<OwnerKey>
{
    public void Configure(EntityTypeBuilder<OwnerKey> builder)
    {
        builder.HasKey(k => new { k.Owner, k.OwnerId });
        builder.Property(k => k.KeyId).HasMaxLength(16);
        builder.HasIndex(k => k.KeyId); // Counted at each look at the service's health.
    }
}
