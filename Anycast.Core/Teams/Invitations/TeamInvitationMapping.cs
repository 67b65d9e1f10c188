using Anycast.Core.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Teams.Invitations;

internal sealed class TeamInvitationMapping : IEntityTypeConfiguration<TeamInvitation>
{
    public void Configure(EntityTypeBuilder<TeamInvitation> builder)
    {
        builder.HasIndex(i => i.Hash).IsUnique();
        builder.HasIndex(i => new { i.TeamId, i.NormalizedEmail, i.State });
        builder.HasIndex(i => i.NormalizedEmail);
        builder.HasIndex(i => i.InvitedBy);
        builder.Property(i => i.Email).HasMaxLength(254);
        builder.Property(i => i.NormalizedEmail).HasMaxLength(254);
        builder.Property(i => i.Hash).HasMaxLength(64);
        builder.HasOne(i => i.Team).WithMany().HasForeignKey(i => i.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(i => i.InvitedBy).OnDelete(DeleteBehavior.Cascade);
    }
}
