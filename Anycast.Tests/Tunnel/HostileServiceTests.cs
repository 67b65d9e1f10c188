using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tunnel;

namespace Anycast.Tests.Tunnel;

/// <summary>
/// A service that is in hostile hands: it holds a real tunnel to a real agent and sends whatever it likes. Nothing outside the agent's law
/// reaches the API server, and no answer is a success.
/// </summary>
public sealed partial class HostileServiceTests
{
    private const int Requests = 400;

    // What the law lets through, written down here anew: get and list of these, in any namespace, and nothing below an object.
    private const string Kinds = "namespaces|nodes|pods|services|persistentvolumeclaims|events|persistentvolumes|resourcequotas|limitranges|serviceaccounts|deployments|replicasets|statefulsets|daemonsets"
        + "|jobs|cronjobs|ingresses|ingressclasses|networkpolicies|horizontalpodautoscalers|poddisruptionbudgets|endpointslices|storageclasses|volumeattachments|csidrivers|csinodes|priorityclasses|replicationcontrollers|customresourcedefinitions|objectinventories";

    private static readonly string[] s_resources =
    [
        "secrets", "secrets/db", "configmaps", "configmaps/app", "pods/web-1/log", "pods/web-1/exec?command=sh", "pods/web-1/attach", "pods/web-1/portforward", "pods/web-1/proxy/", "pods/web-1/ephemeralcontainers",
        "pods/web-1/eviction", "services/web/proxy/", "serviceaccounts/default/token", "controllerrevisions", "podtemplates", "roles", "rolebindings", "leases", "bindings", "pods/web-1/binding", "deployments/web/scale",
        "pods?watch=true", "pods?fieldSelector=spec.serviceAccountName%3Dadmin", "pods?labelSelector=a%00b", "pods?limit=1&limit=2", "pods?dryRun=All", "pods?fieldManager=x", "pods/web-1?export=true", "pods?pretty=true", "replicationcontrollers/web/scale",
    ];

    private static readonly string[] s_elsewhere =
    [
        "/api/v1/secrets", "/api/v1/nodes/n1/proxy/exec/shop/web/sh", "/api/v1/nodes/n1/log/", "/api/v1/nodes/n1/configz", "/api/v1/namespaces/shop/finalize", "/api/v1/namespaces/../secrets", "/api/v1/namespaces/shop/pods/../secrets/db",
        "/api/v1/namespaces/a%2f..%2fb/pods", "/api/v1/namespaces/shop//secrets", "//api/v1/secrets", "/api/v1/namespaces/shop/pods/%2e%2e/secrets", "/api/v2/pods", "/apis/apps/v1beta1/deployments", "/apis/*/v1/secrets",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/apis/certificates.k8s.io/v1/certificatesigningrequests", "/apis/agent.anycast.io/v1/namespaces/anycast-system/agentoptins/default",
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", "/openapi/v2", "/version", "/metrics", "/logs/", "/debug/pprof/", "/healthz", "/", "", "/api", "/apis", "/.well-known/openid-configuration",
    ];

    private static readonly string[] s_methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT2"];

    private static readonly string[] s_roots =
    [
        "/", "/exec", "/proxy", "/update", "/upgrade", "/config", "/opt-ins", "/optins", "/rights/widen", "/operations/all", "/rows", "/rows/", "/rows/Secret", "/rows/ConfigMap", "/rows/pod", "/rows/Pod?namespace=", "/rows/Pod?namespace=../x",
        "/rows/Pod?watch=false", "/rows/Node?namespace=shop", "/logs", "/logs/", "/logs/shop", "/logs/shop/web-1", "/logs/shop/web-1?follow=true", "/logs/../../api/v1/secrets", "/config-data", "/config-data/", "/config-data/shop", "/config-data/shop/app", "/config-data/shop/app?watch=true", "/config-data/../secrets/db", "/config-data/shop/app/../../secrets/db", "/config-data/shop/secrets/db", "/objects", "/objects//", "/about/x", "/health/live", "/metrics",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task Requests_OfAHostileService_ReachNothingOutsideTheLaw()
    {
        await using var api = await ScriptedApi.StartAsync((context, _) => ScriptedApi.JsonAsync(context, """{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"},"data":{"k":"Y2FuYXJ5"}}"""));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        var sent = 0;
        var wrong = new List<string>();
        foreach (var (method, target, body) in Hostile())
        {
            var (status, text) = await SendAsync(world.Client.Carrier, method, target, body);
            sent++;
            if (status is >= 200 and < 300 && !IsRefusedOperation(target, text) || text.Contains("Y2FuYXJ5", StringComparison.Ordinal))
            {
                wrong.Add($"{method} {target}: {status} {text[..Math.Min(100, text.Length)]}");
            }
        }

        Assert.True(sent >= Requests, $"{sent} requests");
        Assert.Empty(wrong);
        Assert.Empty(api.Calls.Where(c => !IsOptIn(c)).Select(c => $"{c.Method} {c.Target}"));

        // The positive control: what the law allows arrives, by the same way.
        api.Answer = (context, _) => ScriptedApi.JsonAsync(context, """{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}""");
        Assert.Equal(200, (await SendAsync(world.Client.Carrier, "GET", "/objects/api/v1/namespaces/shop/pods?limit=5", null)).Status);
        var allowed = Assert.Single(api.Calls, c => !IsOptIn(c));
        Assert.Matches(AllowedPattern(), $"{allowed.Method} {allowed.Target}");
    }

    [Fact]
    public void AllowedPattern_OnWhatIsAllowedAndWhatIsNot_TellsThemApart()
    {
        Assert.Matches(AllowedPattern(), "GET /apis/apps/v1/namespaces/shop/deployments/web");
        Assert.All(new[] { "GET /api/v1/namespaces/shop/secrets", "POST /api/v1/namespaces/shop/pods", "GET /api/v1/namespaces/shop/pods/web/log", "GET /api/v1/nodes/n/proxy/x" }, t => Assert.DoesNotMatch(AllowedPattern(), t));
    }

    private static IEnumerable<(string Method, string Target, string? Body)> Hostile()
    {
        foreach (var resource in s_resources)
        {
            foreach (var root in new[] { "/api/v1/namespaces/shop/", "/apis/apps/v1/namespaces/shop/", "/api/v1/namespaces/kube-system/" })
            {
                yield return ("GET", TunnelRoutes.Objects + root + resource, null);
            }
        }

        foreach (var target in s_elsewhere)
        {
            yield return ("GET", TunnelRoutes.Objects + target, null);
        }

        foreach (var method in s_methods.Skip(1))
        {
            foreach (var target in new[] { "/api/v1/namespaces/shop/pods", "/api/v1/namespaces/shop/pods/web-1", "/apis/apps/v1/namespaces/shop/deployments/web", "/api/v1/namespaces/shop/secrets/db" })
            {
                yield return (method, TunnelRoutes.Objects + target, """{"kind":"Pod"}""");
            }
        }

        foreach (var root in s_roots)
        {
            foreach (var method in s_methods.Take(6))
            {
                yield return (method, root, """{"optIn":"on"}""");
            }
        }

        foreach (var body in Operations())
        {
            yield return ("POST", TunnelRoutes.Operations, body);
        }
    }

    /// <summary>Operations that no table of leaves holds, markers written back, names that are none, and bodies that are no operation.</summary>
    private static IEnumerable<string> Operations()
    {
        string[] kinds = ["\"group\":\"\",\"kind\":\"Secret\"", "\"group\":\"\",\"kind\":\"ConfigMap\"", "\"group\":\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\"", "\"group\":\"\",\"kind\":\"Pod\"", "\"group\":\"apps\",\"kind\":\"Deployment\""];
        string[] names = ["\"namespace\":\"shop\",\"name\":\"../secrets/db\"", "\"namespace\":\"..\",\"name\":\"web\"", "\"namespace\":\"\",\"name\":\"web\"", "\"namespace\":\"shop\",\"name\":\"web/scale\"", "\"namespace\":\"shop\",\"name\":\"WEB\"", "\"namespace\":\"shop\",\"name\":\"web?x=y\""];
        foreach (var kind in kinds)
        {
            foreach (var name in names)
            {
                yield return $$"""{"operation":"Patch","target":{{{kind}},{{name}}},"leaves":[{"path":"spec.replicas","value":"1"}],"dryRun":true}""";
            }
        }

        string[] paths =
        [
            "spec.template.spec.containers[web].command[0]", "spec.template.spec.serviceAccountName", "spec.template.spec.containers[web].env[A].value", "spec.template.spec.hostNetwork", "metadata.labels[a]", "metadata.finalizers[0]",
            "spec.template.spec.volumes[a].secret.secretName", "spec.template.spec.containers[web].securityContext.privileged", "data[x]", "status.replicas", "", ".", "spec..replicas", "spec.replicas/../x", "spec.replicas~1x",
            "spec.template.metadata.annotations[a]", "spec.selector.matchLabels[app]", "spec.template.spec.nodeName",
        ];
        foreach (var path in paths)
        {
            foreach (var operation in new[] { "Patch", "Scale", "Exec" })
            {
                yield return $$"""{"operation":"{{operation}}","target":{"group":"apps","kind":"Deployment","namespace":"shop","name":"web"},"leaves":[{"path":"{{path}}","value":"1"}],"dryRun":true}""";
            }
        }

        foreach (var value in new[] { "«withheld:5»", "a«+3»b", "x\\u0000y", "https://evil.example/x y", new string('9', 600) })
        {
            yield return $$"""{"operation":"SetImage","target":{"group":"apps","kind":"Deployment","namespace":"shop","name":"web"},"leaves":[{"path":"spec.template.spec.containers[web].image","value":"{{value}}"}],"dryRun":true}""";
        }

        yield return """{"operation":"Scale","target":{"group":"apps","kind":"Deployment","namespace":"shop","name":"web"},"leaves":[{"path":"spec.replicas","value":"0"}],"dryRun":false}""";
        yield return """{"operation":"Scale","target":{"group":"apps","kind":"Deployment","namespace":"shop","name":"web"},"leaves":[],"dryRun":true}""";
        yield return "[]";
        yield return "null";
        yield return "{";
        yield return new string('[', 5000);
    }

    private static async Task<(int Status, string Text)> SendAsync(AgentCarrier carrier, string method, string target, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri("http://agent" + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null && method is not ("GET" or "HEAD"))
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        using var response = await carrier.SendAsync(request, Ct);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>Operations answer 200 with a status of their own; these are the ones that did nothing.</summary>
    private static bool IsRefusedOperation(string target, string text) =>
        target == TunnelRoutes.Operations && (text.Contains("\"status\":\"Forbidden\"", StringComparison.Ordinal) || text.Contains("\"status\":\"Invalid\"", StringComparison.Ordinal));

    /// <summary>The agent's own look at the customer's opt-ins, which every request for a log begins with.</summary>
    internal static bool IsOptIn(ApiCall call) => call is { Method: "GET", Target: "/apis/agent.anycast.io/v1/namespaces/anycast-system/agentoptins/default" };

    [GeneratedRegex("^GET /apis?/(?:[a-z0-9.]+/)?v[0-9][a-z0-9]*/(?:namespaces/[a-z0-9-]+/)?(?:" + Kinds + ")(?:/[a-z0-9.-]+)?(?:\\?.*)?$")]
    internal static partial Regex AllowedPattern();
}
