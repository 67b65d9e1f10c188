using System.Linq.Expressions;
using Anycast.Core.Common;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Anycast.Core.Data;

/// <summary>What mappings say besides EF Core's own words.</summary>
public static class ModelExtensions
{
    /// <summary>Annotation: the table is stored in the order of its primary key.</summary>
    public const string ClusteredAnnotation = "Anycast:Clustered";

    /// <summary>Annotation: the <see cref="DataClass"/> of a property whose declaration is not ours.</summary>
    public const string ClassAnnotation = "Anycast:Class";

    /// <summary>
    /// Stores the table in the order of its primary key (SQLite: WITHOUT ROWID), so that a user's rows lie together and
    /// retention deletes pages, not scattered rows. PostgreSQL has the key's index.
    /// </summary>
    public static EntityTypeBuilder<T> ClusterByKey<T>(this EntityTypeBuilder<T> builder)
        where T : class => builder.HasAnnotation(ClusteredAnnotation, true) as EntityTypeBuilder<T> ?? builder;

    /// <summary>Classifies properties that are declared in a library.</summary>
    public static EntityTypeBuilder<T> Classify<T>(this EntityTypeBuilder<T> builder, DataClass dataClass, params Expression<Func<T, object?>>[] properties)
        where T : class
    {
        foreach (var property in properties)
        {
            builder.Property(property).HasAnnotation(ClassAnnotation, (int)dataClass);
        }

        return builder;
    }
}
