using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts;

internal sealed class AccountTokenMapping : IEntityTypeConfiguration<AccountToken>
{
    public void Configure(EntityTypeBuilder<AccountToken> builder)
    {
        builder.HasIndex(t => t.Hash).IsUnique();
        builder.HasIndex(t => new { t.UserId, t.Purpose }).IsUnique().HasFilter($"\"Purpose\" <> {(int)TokenPurpose.UndoEmailChange} AND \"Purpose\" <> {(int)TokenPurpose.ConfirmEmail}");
        builder.Property(t => t.PasswordHash).HasMaxLength(200);
        builder.Property(t => t.Language).HasMaxLength(5);
        builder.Property(t => t.TermsVersion).HasMaxLength(40);
        builder.Property(t => t.Ip).HasMaxLength(45);
        builder.HasOne<User>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
