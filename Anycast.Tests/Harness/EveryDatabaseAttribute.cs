using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Anycast.Tests.Harness;

/// <summary>The databases the product runs on.</summary>
public enum TestProvider
{
    Sqlite,
    Postgres,
}

/// <summary>Runs a theory once on each database. PostgreSQL takes part when <c>ANYCAST_TEST_POSTGRES</c> holds a connection string, which eng/test.sh sets.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EveryDatabaseAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        List<ITheoryDataRow> rows = [new TheoryDataRow<TestProvider>(TestProvider.Sqlite)];
        if (TestDatabase.PostgresServer is not null)
        {
            rows.Add(new TheoryDataRow<TestProvider>(TestProvider.Postgres));
        }

        return ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>(rows);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}
