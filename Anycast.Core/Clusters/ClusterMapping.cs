using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Clusters;

internal sealed class ClusterMapping : IEntityTypeConfiguration<Cluster>
{
    public void Configure(EntityTypeBuilder<Cluster> builder)
    {
        builder.HasIndex(c => new { c.TeamId, c.Slug }).IsUnique();
        builder.HasIndex(c => new { c.TeamId, c.Name }).IsUnique(); // D10: one name, one cluster in a team
        builder.Property(c => c.Slug).HasMaxLength(40);
        builder.Property(c => c.Name).HasMaxLength(ClusterLimits.NameLength);
        builder.Property(c => c.ClusterUid).HasMaxLength(64);
        builder.Property(c => c.KubernetesVersion).HasMaxLength(40);
        builder.HasOne<Team>().WithMany().HasForeignKey(c => c.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}
