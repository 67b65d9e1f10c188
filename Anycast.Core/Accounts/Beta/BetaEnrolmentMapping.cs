using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts.Beta;

internal sealed class BetaEnrolmentMapping : IEntityTypeConfiguration<BetaEnrolment>
{
    public void Configure(EntityTypeBuilder<BetaEnrolment> builder)
    {
        builder.HasKey(e => new { e.UserId, e.Feature });
        builder.Property(e => e.Feature).HasMaxLength(40);
        builder.HasOne<User>().WithMany().HasForeignKey(e => e.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
