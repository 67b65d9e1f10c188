using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Common.Sealing;

internal sealed class ServiceKeyMapping : IEntityTypeConfiguration<ServiceKey>
{
    public void Configure(EntityTypeBuilder<ServiceKey> builder)
    {
        builder.HasKey(k => k.Purpose);
        builder.Property(k => k.Purpose).HasMaxLength(40);
        builder.Property(k => k.KeyId).HasMaxLength(16);
    }
}
