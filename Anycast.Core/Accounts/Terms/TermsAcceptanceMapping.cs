using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts.Terms;

internal sealed class TermsAcceptanceMapping : IEntityTypeConfiguration<TermsAcceptance>
{
    public void Configure(EntityTypeBuilder<TermsAcceptance> builder)
    {
        builder.HasIndex(a => a.UserId);
        builder.Property(a => a.Version).HasMaxLength(40);
        builder.Property(a => a.Source).HasMaxLength(20);
        builder.Property(a => a.Ip).HasMaxLength(45);
        builder.HasOne<User>().WithMany().HasForeignKey(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
