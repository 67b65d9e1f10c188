using Anycast.Core.Accounts;
using Anycast.Core.Clusters;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Agents;

internal sealed class AgentMapping : IEntityTypeConfiguration<Agent>
{
    public void Configure(EntityTypeBuilder<Agent> builder)
    {
        builder.HasIndex(a => a.PublicKey).IsUnique();
        builder.HasIndex(a => a.ClusterId);
        builder.Property(a => a.Version).HasMaxLength(40);
        builder.Property(a => a.SpecVersion).HasMaxLength(40);
        builder.Ignore(a => a.IsLive);
        builder.HasOne<Cluster>().WithMany().HasForeignKey(a => a.ClusterId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class EnrolmentTokenMapping : IEntityTypeConfiguration<EnrolmentToken>
{
    public void Configure(EntityTypeBuilder<EnrolmentToken> builder)
    {
        builder.HasIndex(t => t.Hash).IsUnique();
        builder.Ignore(t => t.WasReplaced);
        builder.HasIndex(t => t.ClusterId);
        builder.Property(t => t.Hash).HasMaxLength(64);
        builder.HasOne<Cluster>().WithMany().HasForeignKey(t => t.ClusterId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(t => t.CreatedBy).OnDelete(DeleteBehavior.SetNull);
    }
}
