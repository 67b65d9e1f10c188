using System.Text;
using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Tests.Tunnel;

/// <summary>The projection: shapes of what is withheld, refusals, and that a second look finds no difference.</summary>
public sealed class ProjectorTests
{
    [Fact]
    public void Pod_WithEverything_KeepsWhatIsListedInShape()
    {
        var output = Project("Pod", """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"shop","resourceVersion":"123","managedFields":[{"x":"canary"}],
              "labels":{"app":"web","pw":"ghp_16C7e42F292c6912E7710c838347Ae178B4a","bad key":"canary"},
              "annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z","kubectl.kubernetes.io/last-applied-configuration":"canary","deployment.kubernetes.io/revision":"3"}},
             "spec":{"future":{"deep":["canary"]},"hostAliases":[{"ip":"10.0.0.1","hostnames":["canary"]}],
              "containers":[{"name":"web","image":"user:canary@registry/web","command":["/usr/bin/node","--token=canary","x"],"args":["a","canary"],
                "env":[{"name":"PLAIN","value":"canary"},{"name":"REF","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}],
                "resources":{"limits":{"cpu":"100m","memory":268435456,"canary":"canary"}},
                "livenessProbe":{"httpGet":{"path":"/health?token=canary","port":"http","httpHeaders":[{"name":"Authorization","value":"canary"}]}},
                "ports":[{"containerPort":8080,"protocol":"TCP"}]}],
              "volumes":[{"name":"v","emptyDir":{}},{"name":"c","csi":{"driver":"d.example.com","volumeAttributes":{"share":"canary"}}}]},
             "status":{"phase":"Running","containerStatuses":[{"name":"web","restartCount":2,"lastState":{"terminated":{"exitCode":1,"reason":"Error","message":"canary"}}}]}}
            """);

        Assert.DoesNotContain("canary", output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(output);
        var root = document.RootElement;
        var container = root.GetProperty("spec").GetProperty("containers")[0];
        Assert.Equal("""{"app":"web","pw":"«withheld:40»"}""", root.GetProperty("metadata").GetProperty("labels").GetRawText());
        Assert.Equal("""{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z","deployment.kubernetes.io/revision":"3"}""", root.GetProperty("metadata").GetProperty("annotations").GetRawText());
        Assert.Equal("""["node","«+2»"]""", container.GetProperty("command").GetRawText());
        Assert.Equal("""["«+2»"]""", container.GetProperty("args").GetRawText());
        Assert.Equal("""[{"name":"PLAIN","value":"«withheld:6»"},{"name":"REF","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]""", container.GetProperty("env").GetRawText());
        Assert.Equal("""{"cpu":"100m","memory":268435456}""", container.GetProperty("resources").GetProperty("limits").GetRawText());
        Assert.Equal("/health", container.GetProperty("livenessProbe").GetProperty("httpGet").GetProperty("path").GetString());
        Assert.Equal("""{"name":"v","emptyDir":{}}""", root.GetProperty("spec").GetProperty("volumes")[0].GetRawText());
        Assert.Equal("""{"share":"«withheld:6»"}""", root.GetProperty("spec").GetProperty("volumes")[1].GetProperty("csi").GetProperty("volumeAttributes").GetRawText());
        Assert.Equal("\"123\"", root.GetProperty("metadata").GetProperty("resourceVersion").GetRawText());
        Assert.False(root.GetProperty("status").GetProperty("containerStatuses")[0].GetProperty("lastState").GetProperty("terminated").TryGetProperty("message", out _));
    }

    [Fact]
    public void SecondLook_AtWhatWasProjected_FindsNoDifference()
    {
        var once = Projector.Current.Project("Pod", Encoding.UTF8.GetBytes("""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"hunter2 is"},"finalizers":["a b"]},"spec":{"containers":[{"name":"a","command":["sh","-c","x"],"args":["y"],"env":[{"name":"A","value":"b"}],"image":"!!"}]},"status":{"message":"free text","startTime":"no time"}}"""));

        var twice = Projector.Current.Project("Pod", once.Json.Span);

        Assert.True(once.Counts.Total > 0);
        Assert.Equal(0, twice.Counts.Total);
        Assert.Equal(Encoding.UTF8.GetString(once.Json.Span), Encoding.UTF8.GetString(twice.Json.Span));
    }

    [Theory]
    [InlineData("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"n\\u0061me\":\"b\"}}", "DuplicateName")]
    [InlineData("{\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}}", "DuplicateName")]
    [InlineData("{\"kind\":\"Secret\",\"data\":{\"a\":\"b\"}}", "WrongKind")]
    [InlineData("{\"metadata\":{}} trailing", "InvalidJson")]
    [InlineData("{\"metadata\":{", "InvalidJson")]
    [InlineData("[]", "InvalidJson")]
    [InlineData("", "InvalidJson")]
    public void Object_ThatIsNone_IsRefusedWhole(string json, string code) =>
        Assert.Equal(code, Assert.Throws<ProjectionException>(() => Projector.Current.Project("Pod", Encoding.UTF8.GetBytes(json))).Code);

    [Fact]
    public void Object_NestedTooDeep_IsRefused()
    {
        var json = "{\"spec\":" + string.Concat(Enumerable.Repeat("{\"x\":", 70)) + "1" + new string('}', 71);

        Assert.Throws<ProjectionException>(() => Projector.Current.Project("Pod", Encoding.UTF8.GetBytes(json)));
    }

    [Fact]
    public void Object_LargerThanTheLimit_IsRefused() =>
        Assert.Equal("TooLarge", Assert.Throws<ProjectionException>(() => Projector.Current.Project("Pod", new byte[Projector.MaxObjectBytes + 1])).Code);

    [Fact]
    public void Text_WithInvalidUtf8_IsWithheld()
    {
        byte[] json = [.. "{\"metadata\":{\"name\":\""u8, 0xff, 0xfe, .. "\"}}"u8];

        Assert.Equal("""{"metadata":{"name":"«withheld:2»"}}""", Encoding.UTF8.GetString(Projector.Current.Project("Pod", json).Json.Span));
    }

    [Fact]
    public void UnknownKind_LeavesMetadataAndConditionsAlone()
    {
        var output = Project("Certificate", """{"kind":"Certificate","apiVersion":"cert-manager.io/v1","metadata":{"name":"a"},"spec":{"secretName":"canary"},"status":{"phase":"Ready","conditions":[{"type":"Ready","status":"True","message":"canary"}]}}""");

        Assert.DoesNotContain("canary", output, StringComparison.Ordinal);
        Assert.Contains("\"phase\":\"Ready\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_ThatArrivesAnyway_IsItsNameAlone() =>
        Assert.Equal("""{"metadata":{"name":"a","namespace":"b"}}""", Project("Secret", """{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a","namespace":"b","labels":{"x":"canary"}},"data":{"p":"canary"},"type":"canary"}"""));

    [Fact]
    public async Task List_WithOneBadItem_ArrivesWithoutIt()
    {
        var json = """{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"abc","resourceVersion":"5","selfLink":"canary"},"items":[{"metadata":{"name":"a"}},{"kind":"Secret","data":{"x":"canary"}},{"metadata":{"name":"b"}}]}""";
        var check = new ProjectionCheck(Projector.Current, 1);

        var output = Encoding.UTF8.GetString(await check.ListAsync("Pod", "v1", new SlowStream(Encoding.UTF8.GetBytes(json)), 1_000_000, TestContext.Current.CancellationToken));

        Assert.Equal("""{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"metadata":{"continue":"abc","resourceVersion":"5"}}""", output);
    }

    [Fact]
    public void Check_OfAnAgentWithoutProjection_DropsAndAlarms()
    {
        var alarms = new List<(string, int)>();
        var check = new ProjectionCheck(Projector.Current, RedactionSpecification.Current.Version, (kind, count) => alarms.Add((kind, count)));

        var output = check.Object("Pod", Encoding.UTF8.GetBytes("""{"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"canary"}],"workingDir":"/canary"}]}}"""));

        Assert.DoesNotContain("canary", Encoding.UTF8.GetString(output), StringComparison.Ordinal);
        Assert.Equal([("Pod", 2)], alarms);
        Assert.Equal(2, check.Differences);
    }

    private static string Project(string kind, string json) => Encoding.UTF8.GetString(Projector.Current.Project(kind, Encoding.UTF8.GetBytes(json)).Json.Span);

    /// <summary>Gives three bytes at a time.</summary>
    private sealed class SlowStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(3, buffer.Length)], cancellationToken);
    }
}
