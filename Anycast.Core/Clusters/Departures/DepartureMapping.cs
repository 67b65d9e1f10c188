using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Clusters.Departures;

internal sealed class DepartureMapping : IEntityTypeConfiguration<Departure>
{
    public void Configure(EntityTypeBuilder<Departure> builder)
    {
        builder.Property(d => d.Id).ValueGeneratedNever();
        builder.HasIndex(d => new { d.ClusterId, d.At });
        builder.HasIndex(d => d.At);
        builder.HasIndex(d => d.UserId);
        builder.HasIndex(d => d.RunId);
        builder.Property(d => d.Kind).HasMaxLength(64);
        builder.Property(d => d.Namespace).HasMaxLength(63);
        builder.Property(d => d.Name).HasMaxLength(253);
        builder.HasOne<Cluster>().WithMany().HasForeignKey(d => d.ClusterId).OnDelete(DeleteBehavior.Cascade);
    }
}
