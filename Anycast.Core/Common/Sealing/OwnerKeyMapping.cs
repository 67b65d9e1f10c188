using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Common.Sealing;

internal sealed class OwnerKeyMapping : IEntityTypeConfiguration<OwnerKey>
{
    public void Configure(EntityTypeBuilder<OwnerKey> builder) => builder.HasKey(k => new { k.Owner, k.OwnerId });
}
