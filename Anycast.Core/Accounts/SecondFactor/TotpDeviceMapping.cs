using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts.SecondFactor;

internal sealed class TotpDeviceMapping : IEntityTypeConfiguration<TotpDevice>
{
    public void Configure(EntityTypeBuilder<TotpDevice> builder)
    {
        builder.HasKey(d => d.UserId);
        builder.HasOne<User>().WithOne().HasForeignKey<TotpDevice>(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class RecoveryCodeMapping : IEntityTypeConfiguration<RecoveryCode>
{
    public void Configure(EntityTypeBuilder<RecoveryCode> builder)
    {
        builder.HasKey(c => new { c.UserId, c.Hash });
        builder.Property(c => c.Hash).HasMaxLength(64);
        builder.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
