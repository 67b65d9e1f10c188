using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Activity;

internal sealed class TeamActivityEntryMapping : IEntityTypeConfiguration<TeamActivityEntry>
{
    public void Configure(EntityTypeBuilder<TeamActivityEntry> builder)
    {
        builder.ToTable("TeamActivityEntries");
        builder.HasKey(e => new { e.TeamId, e.Seq });
        builder.ClusterByKey();
        builder.HasIndex(e => e.UserId);
        builder.Property(e => e.Operation).HasMaxLength(60);
        builder.Property(e => e.TargetKind).HasMaxLength(60);
        builder.Property(e => e.Detail).HasMaxLength(200);
        builder.HasOne<Team>().WithMany().HasForeignKey(e => e.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}
