using Anycast.Core.Clusters;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Agents.Rights;

internal sealed class ClusterRightsMapping : IEntityTypeConfiguration<ClusterRights>
{
    public void Configure(EntityTypeBuilder<ClusterRights> builder)
    {
        builder.HasKey(r => r.ClusterId);
        builder.Property(r => r.ClusterId).ValueGeneratedNever();
        builder.Property(r => r.Report).HasMaxLength(4_000_000);
        builder.Property(r => r.NoticedExcess).HasMaxLength(64);
        builder.HasOne<Cluster>().WithOne().HasForeignKey<ClusterRights>(r => r.ClusterId).OnDelete(DeleteBehavior.Cascade);
    }
}
