using System.Text;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Tests.Tunnel;

/// <summary>Rows are small, and what a hostile agent writes into them shows as withheld.</summary>
[Collection(MeasuredCollection.Name)]
public sealed class RowMemoryTests
{
    [Fact]
    public void PodRows_OfFiveThousandPods_KeepAtMost250BytesEach()
    {
        const int count = 5000;
        using var builder = new RowBuilder("Pod", Projector.Current);
        var reader = new RowReader("Pod");
        var lines = Enumerable.Range(0, count).Select(i => Line(builder, i)).ToList();
        reader.Read(lines[0]);
        var rows = new ResourceRow[count];
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < count; i++)
        {
            rows[i] = reader.Read(lines[i]).Row!;
        }

        var kept = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;
        GC.KeepAlive(rows);
        GC.KeepAlive(lines);
        Assert.True(kept <= 250, $"{kept:0} bytes a pod");
    }

    [Fact]
    public void Row_OfAHostileAgent_ShowsMarkers()
    {
        var alarms = 0;
        var reader = new RowReader("Pod", new ProjectionCheck(Projector.Current, 0, (_, count) => alarms += count));

        var row = (PodRow)reader.Read(Encoding.UTF8.GetBytes("""[2,"shop","<script>","not a uid",1,9,"CrashLoopBackOff","ReplicaSet","password=canary",1,1,0,"node","10.0.0.1","user:pw@x/y"]""")).Row!;

        Assert.Equal(("«withheld:8»", "«withheld:9»", "«withheld:15»", "«withheld:11»", Health.Unknown), (row.Name, row.Uid, row.OwnerName, row.Image, row.Health));
        Assert.Equal(4, alarms);
        Assert.Throws<ProjectionException>(() => reader.Read("[2,1]"u8));
        Assert.Throws<ProjectionException>(() => reader.Read("{}"u8));
    }

    private static byte[] Line(RowBuilder builder, int i)
    {
        var json = RowStreamTests.Pod($"checkout-7d9f8b6c5d-{i:00000}", "5").Replace("00000000-0000-4000-8000-000000000001", Guid.NewGuid().ToString(), StringComparison.Ordinal)
            .Replace("node-1", $"node-{i % 50}", StringComparison.Ordinal).Replace("10.1.2.3", $"10.1.{i / 250}.{i % 250}", StringComparison.Ordinal);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using var writer = new RowWriter(buffer);
        writer.Upsert(builder.Build(Encoding.UTF8.GetBytes(json), DateTimeOffset.UtcNow).Row);
        return buffer.WrittenSpan[..^1].ToArray();
    }
}

/// <summary>Tests that measure the process and so run when nothing else does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredCollection
{
    public const string Name = "Measured";
}
