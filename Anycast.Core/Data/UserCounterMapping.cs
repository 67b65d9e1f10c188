using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Data;

internal sealed class UserCounterMapping : IEntityTypeConfiguration<UserCounter>
{
    public void Configure(EntityTypeBuilder<UserCounter> builder)
    {
        builder.HasKey(c => new { c.UserId, c.Log });
        builder.ClusterByKey();
    }
}
