using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Accounts;

internal sealed class UserMapping : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("Users");
        builder.HasIndex(u => u.NormalizedEmail).IsUnique();
        builder.Property(u => u.PasswordHash).HasMaxLength(200);
        builder.Property(u => u.LastSignInIp).HasMaxLength(45);
        builder.Property(u => u.PreviousSignInIp).HasMaxLength(45);
        builder.Property(u => u.Language).HasMaxLength(5);
        builder.Property(u => u.Scheme).HasMaxLength(10);
        builder.Property(u => u.Density).HasMaxLength(12);
        builder.Property(u => u.Rail).HasMaxLength(10);
        builder.Property(u => u.TimeZone).HasMaxLength(64);
        builder.Property(u => u.TermsVersion).HasMaxLength(40);
        builder.Classify(DataClass.Contact, u => u.UserName, u => u.NormalizedUserName, u => u.Email, u => u.NormalizedEmail, u => u.PhoneNumber);
        builder.Classify(DataClass.Credential, u => u.PasswordHash, u => u.SecurityStamp);
        builder.Classify(DataClass.Registration, u => u.EmailConfirmed, u => u.PhoneNumberConfirmed);
        builder.Classify(DataClass.Access, u => u.TwoFactorEnabled, u => u.LockoutEnabled, u => u.LockoutEnd, u => u.AccessFailedCount);
        builder.Classify(DataClass.Technical, u => u.Id, u => u.ConcurrencyStamp);
    }
}

internal sealed class UserClaimMapping : IEntityTypeConfiguration<IdentityUserClaim<Guid>>
{
    public void Configure(EntityTypeBuilder<IdentityUserClaim<Guid>> builder) =>
        builder.ToTable("UserClaims").Classify(DataClass.Access, c => c.Id, c => c.UserId, c => c.ClaimType, c => c.ClaimValue);
}

internal sealed class UserLoginMapping : IEntityTypeConfiguration<IdentityUserLogin<Guid>>
{
    public void Configure(EntityTypeBuilder<IdentityUserLogin<Guid>> builder) =>
        builder.ToTable("UserLogins").Classify(DataClass.Credential, l => l.LoginProvider, l => l.ProviderKey, l => l.ProviderDisplayName, l => l.UserId);
}

internal sealed class UserTokenMapping : IEntityTypeConfiguration<IdentityUserToken<Guid>>
{
    public void Configure(EntityTypeBuilder<IdentityUserToken<Guid>> builder) =>
        builder.ToTable("UserTokens").Classify(DataClass.Credential, t => t.UserId, t => t.LoginProvider, t => t.Name, t => t.Value);
}

internal sealed class UserPasskeyMapping : IEntityTypeConfiguration<IdentityUserPasskey<Guid>>
{
    public void Configure(EntityTypeBuilder<IdentityUserPasskey<Guid>> builder)
    {
        builder.ToTable("UserPasskeys").Classify(DataClass.Credential, p => p.CredentialId, p => p.UserId);
        builder.OwnsOne(p => p.Data).HasAnnotation(ModelExtensions.ClassAnnotation, (int)DataClass.Credential);
    }
}
