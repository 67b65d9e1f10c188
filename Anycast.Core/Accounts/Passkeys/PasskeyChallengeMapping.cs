using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts.Passkeys;

internal sealed class PasskeyChallengeMapping : IEntityTypeConfiguration<PasskeyChallenge>
{
    public void Configure(EntityTypeBuilder<PasskeyChallenge> builder)
    {
        builder.HasIndex(c => c.BrowserHash).IsUnique();
        builder.HasIndex(c => c.ExpiresAt);
        builder.Property(c => c.State).HasMaxLength(2000);
    }
}
