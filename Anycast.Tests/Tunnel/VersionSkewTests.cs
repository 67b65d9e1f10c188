using System.Text;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Anycast.Tests.Tunnel;

/// <summary>
/// Agents of another version than the service: an older one works on, one whose projection is off lets nothing through to the service and raises the
/// alarm, and what a newer one may rightly know is dropped in silence.
/// </summary>
public sealed class VersionSkewTests
{
    private const string PodPath = "/api/v1/namespaces/shop/pods/web-1";

    private static readonly int s_ours = RedactionSpecification.Current.Version;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [PolicyClause("S07")]
    public async Task Agent_WithItsProjectionOff_BringsNothingThroughTheService(int skew, bool alarms)
    {
        await using var service = await ServiceHost.StartAsync();
        await using var agents = await HandmadeAgents.StartAsync(
            service.Address, [new HandmadeEnrolment(Token: "t")], _ => new AgentAbout("0.0.9", s_ours + skew, "the-uid", "v1.30.0"), RawAsync);
        var raised = new List<(string Kind, int Count)>();
        var client = new AgentClient(await service.NextAsync(), (kind, count) => raised.Add((kind, count)));
        Assert.Equal(s_ours + skew, client.Carrier.Hello.SpecificationVersion);

        var seen = new StringBuilder();
        var pod = await client.GetObjectsAsync(PodPath, Ct);
        Assert.True(pod.IsOk);
        seen.Append(Encoding.UTF8.GetString(pod.Json.Span));
        var list = await client.GetObjectsAsync("/api/v1/pods", Ct);
        Assert.True(list.IsOk);
        seen.Append(Encoding.UTF8.GetString(list.Json.Span));
        await foreach (var change in client.WatchRowsAsync("Pod", null, Ct))
        {
            if (change.Type == RowChangeType.Synced)
            {
                break;
            }

            var row = change.Row as PodRow;
            seen.Append(change.Key).Append(row is null ? "" : $"{row.Name} {row.Status} {row.Image} {row.Node} {row.PodIp} {row.OwnerName} {row.OwnerKind} {row.Namespace}");
        }

        var tried = await client.OperateAsync(new OperationRequest(OperationNames.SetImage, new OperationTarget("apps", "Deployment", "shop", "web"), [new LeafChange("spec.replicas", "3")], DryRun: true), Ct);
        seen.Append(string.Join(' ', tried.Diff?.Select(d => $"{d.Path} {d.Before} {d.After}") ?? []));
        var (_, log) = await client.LogsAsync(new LogQuery("shop", "web-1"), Ct);
        seen.AppendJoin('\n', log?.Lines ?? []);

        // The positive control: names pass, by each of the ways.
        Assert.Equal(5, seen.ToString().Split("web-1-passes").Length - 1);
        Assert.Empty(new SecretSearch(CanaryObjects.Traces).Find(seen.ToString()));
        Assert.True(client.Differences > 0);
        Assert.Equal(alarms, raised.Count > 0);
        if (alarms)
        {
            Assert.Equal(["Deployment", "Log", "Pod"], raised.Select(r => r.Kind).Distinct().Order());
            Assert.Equal(client.Differences, raised.Sum(r => r.Count));
        }
    }

    [Fact]
    [PolicyClause("S07")]
    public void Agent_OfTheVersionBefore_ThatLacksAField_IsNoDifference()
    {
        var yaml = EmbeddedText.Read("redaction-allowlist.yaml");
        var older = RedactionSpecification.Parse(Older(yaml));
        Assert.Equal(s_ours - 1, older.Version);
        var (agent, alarms) = (new Projector(older, MessageTemplates.Current), 0);
        var check = new ProjectionCheck(Projector.Current, older.Version, (_, count) => alarms += count);
        var canaries = new CanaryObjects(seed: 77);
        for (var i = 0; i < 200; i++)
        {
            var sent = agent.Project("Pod", canaries.Make(typeof(V1Pod), "Pod")).Json;
            Assert.Equal(Encoding.UTF8.GetString(sent.Span), Encoding.UTF8.GetString(check.Object("Pod", sent.Span)));
        }

        Assert.Equal((0, 0L), (alarms, check.Differences));

        // The field is one that arrives today.
        var pod = Encoding.UTF8.GetBytes("""{"metadata":{"name":"a"},"spec":{"nodeName":"node-1"}}""");
        Assert.Contains("node-1", Encoding.UTF8.GetString(Projector.Current.Project("Pod", pod).Json.Span), StringComparison.Ordinal);
        Assert.DoesNotContain("node-1", Encoding.UTF8.GetString(agent.Project("Pod", pod).Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    [PolicyClause("S07")]
    public void Agent_OfTheNextVersion_ThatKnowsOneFieldMore_LosesItInSilence()
    {
        var yaml = EmbeddedText.Read("redaction-allowlist.yaml");
        var ours = new Projector(RedactionSpecification.Parse(Older(yaml)), MessageTemplates.Current);
        var alarms = 0;
        var check = new ProjectionCheck(ours, s_ours, (_, count) => alarms += count);
        var sent = Projector.Current.Project("Pod", Encoding.UTF8.GetBytes("""{"metadata":{"name":"a"},"spec":{"nodeName":"node-1"}}""")).Json;

        Assert.DoesNotContain("node-1", Encoding.UTF8.GetString(check.Object("Pod", sent.Span)), StringComparison.Ordinal);
        Assert.Equal((0, 1L), (alarms, check.Differences));
    }

    /// <summary>The specification as it would have been one version ago, without the name of a pod's node.</summary>
    private static string Older(string yaml)
    {
        var without = yaml.Replace($"version: {s_ours}", $"version: {s_ours - 1}", StringComparison.Ordinal)
            .Replace("podspec: [nodeName:name, ", "podspec: [", StringComparison.Ordinal);
        Assert.NotEqual(yaml, without);
        return without;
    }

    /// <summary>Answers as an agent that projects nothing.</summary>
    private static async Task RawAsync(HttpContext context)
    {
        const string raw = """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1-passes","namespace":"shop","annotations":{"note":"canary-7q1"},"labels":{"x":"password=canary-7q2"}},"spec":{"nodeName":"node-1","containers":[{"name":"web","image":"shop/web:1","env":[{"name":"KEY","value":"canary-7q3"}],"args":["--password=canary-7q4"]}]},"status":{"phase":"Running","message":"canary-7q5","containerStatuses":[{"name":"web","state":{"terminated":{"exitCode":1,"message":"canary-7q6"}}}]},"futureField":"canary-7q7"}
            """;
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        switch (target)
        {
            case TunnelRoutes.About:
                await context.Response.WriteAsJsonAsync(new AgentAbout("0.0.9", 1, "the-uid", "v1.30.0"), TunnelJson.Default.AgentAbout);
                break;
            case TunnelRoutes.Objects + PodPath:
                await context.Response.WriteAsync(raw);
                break;
            case TunnelRoutes.Objects + "/api/v1/pods":
                await context.Response.WriteAsync($$"""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1","remainingItemCount":"canary-7q8"},"items":[{{raw}}]}""");
                break;
            case TunnelRoutes.Rows + "/Pod":
                var uid = "00000000-0000-4000-8000-0000000000aa";
                using (var rows = new RowWriter(context.Response.BodyWriter))
                {
                    rows.Write(RowChangeType.Reset);
                    rows.Upsert(new PodRow { Kind = "Pod", Namespace = "shop", Name = "web-1-passes", Uid = uid, Status = "password=canary-7q9", OwnerKind = "ReplicaSet", OwnerName = "Bearer canary-7qa", Image = "https://u:canary-7qb@x/y", Node = "canary-7q c", PodIp = "canary-7qd" });
                    rows.Write(RowChangeType.Synced);
                }

                await context.Response.BodyWriter.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                break;
            case TunnelRoutes.Operations:
                var diff = new[] { new LeafDiff("spec.template.spec.containers[web].env[KEY].value", "canary-7qe", "canary-7qf", false), new LeafDiff("metadata.name", "web-1-passes", "web-1", false) };
                await context.Response.WriteAsJsonAsync(new OperationResult(OperationStatus.Applied, Diff: diff), TunnelJson.Default.OperationResult);
                break;
            case { } when target.StartsWith(TunnelRoutes.Logs, StringComparison.Ordinal):
                await context.Response.WriteAsJsonAsync(new LogText(["web-1-passes", "password=canary-7qg"], 0, false), TunnelJson.Default.LogText);
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }
}
