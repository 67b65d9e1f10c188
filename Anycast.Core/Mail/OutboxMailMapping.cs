using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Mail;

internal sealed class OutboxMailMapping : IEntityTypeConfiguration<OutboxMail>
{
    public void Configure(EntityTypeBuilder<OutboxMail> builder)
    {
        builder.HasIndex(m => new { m.SentAt, m.NextTryAt });
        builder.Property(m => m.Text).HasMaxLength(100_000);
        builder.Property(m => m.Html).HasMaxLength(200_000);
    }
}
