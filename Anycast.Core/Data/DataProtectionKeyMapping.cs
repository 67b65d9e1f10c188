using Anycast.Core.Common;
using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Data;

internal sealed class DataProtectionKeyMapping : IEntityTypeConfiguration<DataProtectionKey>
{
    public void Configure(EntityTypeBuilder<DataProtectionKey> builder)
    {
        builder.Classify(DataClass.Technical, k => k.Id, k => k.FriendlyName);
        builder.Classify(DataClass.Credential, k => k.Xml);

        // A sealed key is longer than what texts are by default; PostgreSQL holds it to the length.
        builder.Property(k => k.Xml).HasMaxLength(8000);
    }
}
