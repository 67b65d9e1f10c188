using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Activity;

internal sealed class ActivityEntryMapping : IEntityTypeConfiguration<ActivityEntry>
{
    public void Configure(EntityTypeBuilder<ActivityEntry> builder)
    {
        builder.HasKey(e => new { e.UserId, e.Seq });
        builder.ClusterByKey();
        builder.HasIndex(e => e.TeamId);
        builder.Property(e => e.Operation).HasMaxLength(60);
        builder.Property(e => e.TargetKind).HasMaxLength(60);
        builder.Property(e => e.Detail).HasMaxLength(200);
        builder.Property(e => e.Ip).HasMaxLength(45);
        builder.Property(e => e.Networks).HasMaxLength(1800);
        builder.Property(e => e.Device).HasMaxLength(120);
    }
}
