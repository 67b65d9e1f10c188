using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Proposals;

internal sealed class ProposalMapping : IEntityTypeConfiguration<Proposal>
{
    public void Configure(EntityTypeBuilder<Proposal> builder)
    {
        builder.HasIndex(p => new { p.TeamId, p.CreatedAt });
        builder.HasIndex(p => new { p.State, p.ExpiresAt });
        builder.Property(p => p.Tool).HasMaxLength(60);
        builder.Property(p => p.Operation).HasMaxLength(40);
        builder.Property(p => p.TargetGroup).HasMaxLength(253);
        builder.Property(p => p.TargetKind).HasMaxLength(63);
        builder.Property(p => p.TargetNamespace).HasMaxLength(63);
        builder.Property(p => p.TargetName).HasMaxLength(253);
        builder.Property(p => p.TargetUid).HasMaxLength(64);
        builder.Property(p => p.Arguments).HasMaxLength(ProposalLimits.ColumnLength);
        builder.Property(p => p.PriorValues).HasMaxLength(ProposalLimits.ColumnLength);
        builder.Property(p => p.Diff).HasMaxLength(ProposalLimits.ColumnLength);
        builder.Property(p => p.Digest).HasMaxLength(64);
        builder.Property(p => p.Nonce).HasMaxLength(64);
        builder.Property(p => p.ResultCode).HasMaxLength(80);
        builder.HasOne<Team>().WithMany().HasForeignKey(p => p.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}
