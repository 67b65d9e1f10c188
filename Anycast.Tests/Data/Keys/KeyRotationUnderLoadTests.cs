using Anycast.Tests.Harness;

namespace Anycast.Tests.Data.Keys;

/// <summary>The documented order, on replicas that are processes of their own and are killed and started again while people work (T10).</summary>
[PolicyClause("S03", "S04")]
public sealed class KeyRotationUnderLoadTests
{
    [Fact]
    public async Task Rotation_OfTwoReplicasUnderLoad_FailsNobodyAndSignsNobodyOut()
    {
        Assert.SkipUnless(TestDatabase.PostgresServer is not null, "Replicas share a PostgreSQL.");
        AssertHeld(await RunAsync(replicas: 2, records: 500), records: 500);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Rotation_OfThreeReplicasAndTenThousandRecordsUnderLoad_FailsNobodyAndSignsNobodyOut()
    {
        Assert.SkipUnless(TestDatabase.PostgresServer is not null, "Replicas share a PostgreSQL.");
        var run = await RunAsync(replicas: 3, records: 10_000);
        FaultFigures.Record(
            "Master key rotated under load, 3 replicas, 10,000 records",
            ("secrets opened meanwhile", run.Opened, "", null),
            ("secrets that did not open", run.Unopened, "", 0),
            ("pages of signed-in people meanwhile", run.Pages, "", null),
            ("sign-outs", run.SignOuts, "", 0),
            ("pages that failed", run.FailedPages, "", 0),
            ("passwords that did not verify", run.Unverified, "", 0),
            ("records readable afterwards without the old key, missing", 10_000 - run.ReadableAfter, "", 0),
            ("whole rotation", run.Took.TotalSeconds, "s", null));
        AssertHeld(run, records: 10_000);
    }

    private static async Task<RotationResult> RunAsync(int replicas, int records)
    {
        await using var rotation = await RotationUnderLoad.StartAsync(replicas, records);
        return await rotation.RunAsync();
    }

    private static void AssertHeld(RotationResult run, int records)
    {
        Assert.True(run.Troubles.Count == 0, string.Join('\n', run.Troubles.Take(10)));
        Assert.Equal((0, 0, 0, 0), (run.Unopened, run.SignOuts, run.FailedPages, run.Unverified));
        Assert.Equal(records, run.ReadableAfter);
        Assert.True(run.Pages > 20 && run.Opened > 100 && run.Verified > 5, $"{run.Pages} pages, {run.Opened} secrets, {run.Verified} passwords: too little to be load");
    }
}
