using Anycast.Core.Accounts;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Usage;

internal sealed class UsageEntryMapping : IEntityTypeConfiguration<UsageEntry>
{
    public void Configure(EntityTypeBuilder<UsageEntry> builder)
    {
        builder.HasKey(e => new { e.UserId, e.Seq });
        builder.ClusterByKey();
        builder.HasIndex(e => new { e.RunId, e.Round }).IsUnique();
        builder.HasIndex(e => new { e.TeamId, e.Day });
        builder.Property(e => e.Provider).HasMaxLength(60);
        builder.Property(e => e.Model).HasMaxLength(120);
        builder.HasOne<User>().WithMany().HasForeignKey(e => e.UserId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Team>().WithMany().HasForeignKey(e => e.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}
