using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Sqlite.Infrastructure.Internal;

namespace Anycast.Core.Data;

/// <summary>Writes <c>WITHOUT ROWID</c> for tables whose mapping says <see cref="ModelExtensions.ClusterByKey"/>; EF Core has no word for it.</summary>
#pragma warning disable EF1001 // The base constructor's options type is marked internal; there is no other way to derive from the generator.
internal sealed class ClusteredTablesSqlGenerator(MigrationsSqlGeneratorDependencies dependencies, IRelationalAnnotationProvider annotations)
    : SqliteMigrationsSqlGenerator(dependencies, annotations)
#pragma warning restore EF1001
{
    protected override void Generate(CreateTableOperation operation, IModel? model, MigrationCommandListBuilder builder, bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate: false);
        var clustered = model?.GetEntityTypes().Any(e => e.GetTableName() == operation.Name && e[ModelExtensions.ClusteredAnnotation] is true) == true;
        if (clustered)
        {
            builder.Append(" WITHOUT ROWID");
        }

        if (terminate)
        {
            builder.AppendLine(Dependencies.SqlGenerationHelper.StatementTerminator);
            EndStatement(builder);
        }
    }
}
