using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts.Marketing;

internal sealed class MarketingConsentMapping : IEntityTypeConfiguration<MarketingConsent>
{
    public void Configure(EntityTypeBuilder<MarketingConsent> builder)
    {
        builder.HasIndex(c => new { c.UserId, c.At });
        builder.Property(c => c.TextVersion).HasMaxLength(40);
        builder.Property(c => c.Source).HasMaxLength(20);
        builder.Property(c => c.Ip).HasMaxLength(45);
        builder.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
