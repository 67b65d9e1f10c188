using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts.SignIn;

internal sealed class SignInAttemptMapping : IEntityTypeConfiguration<SignInAttempt>
{
    public void Configure(EntityTypeBuilder<SignInAttempt> builder)
    {
        builder.HasIndex(a => a.BrowserHash).IsUnique();
        builder.HasIndex(a => new { a.UserId, a.Kind }).IsUnique();
        builder.HasIndex(a => a.ExpiresAt);
        builder.Property(a => a.BrowserHash).HasMaxLength(64);
        builder.Property(a => a.CodeHash).HasMaxLength(64);
        builder.HasOne<User>().WithMany().HasForeignKey(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
