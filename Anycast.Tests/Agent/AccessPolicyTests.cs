using Anycast.Agent.Policy;
using Anycast.Tests.Harness;
using Anycast.Tunnel;

namespace Anycast.Tests.Agent;

/// <summary>The agent's own law: what it lets through to the API server.</summary>
public sealed class AccessPolicyTests
{
    [Theory]
    [InlineData("/api/v1/pods", "/api/v1/pods")]
    [InlineData("/api/v1/namespaces/shop/pods?limit=10&labelSelector=app%3Dweb", "/api/v1/namespaces/shop/pods?limit=10&labelSelector=app%3Dweb")]
    [InlineData("/apis/apps/v1/namespaces/shop/deployments/web", "/apis/apps/v1/namespaces/shop/deployments/web")]
    [InlineData("/api/v1/nodes/node-1", "/api/v1/nodes/node-1")]
    [InlineData("/api/v1/namespaces", "/api/v1/namespaces")]
    [InlineData("/api/v1/namespaces/shop", "/api/v1/namespaces/shop")]
    [InlineData("/api/v1/namespaces/shop/events?fieldSelector=involvedObject.name%3Dweb-1%2Ctype%21%3DNormal", "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.name%3Dweb-1%2Ctype%21%3DNormal")]
    [InlineData("/api/v1/pods?watch=false&limit=5", "/api/v1/pods?limit=5")]
    [InlineData("/apis/discovery.k8s.io/v1/endpointslices", "/apis/discovery.k8s.io/v1/endpointslices")]
    public void Read_OfAKnownKind_IsBuiltAnewFromItsParts(string asked, string target) => Assert.Equal(target, AccessPolicy.Read(asked)?.Target);

    [Theory]
    [InlineData("/api/v1/secrets")]
    [InlineData("/api/v1/namespaces/shop/secrets/db")]
    [InlineData("/api/v1/namespaces/shop/configmaps")]
    [InlineData("/api/v1/namespaces/shop/pods/web-1/log")]
    [InlineData("/api/v1/namespaces/shop/pods/web-1/exec?command=sh")]
    [InlineData("/api/v1/namespaces/shop/services/web:80/proxy/x")]
    [InlineData("/api/v1/nodes/node-1/proxy/run")]
    [InlineData("/apis/apps/v1/namespaces/shop/controllerrevisions")]
    [InlineData("/apis/rbac.authorization.k8s.io/v1/clusterroles")]
    [InlineData("/api/v1/namespaces/shop/pods?watch=true")]
    [InlineData("/api/v1/namespaces/shop/pods?watch=1")]
    [InlineData("/api/v1/watch/namespaces/shop/pods")]
    [InlineData("/api/v1/namespaces/shop/../../secrets")]
    [InlineData("/api/v1/namespaces/%2e%2e/pods")]
    [InlineData("/api/v1/namespaces/shop/pods/..%2f..%2fsecrets")]
    [InlineData("//api/v1/pods")]
    [InlineData("/api/v1//pods")]
    [InlineData("/api/v1/pods/")]
    [InlineData("/api/v1/pods/name")]
    [InlineData("/api/v1/namespaces/shop/nodes/x")]
    [InlineData("/api/v1/pods?limit=10&limit=20")]
    [InlineData("/api/v1/pods?fieldSelector=data.password%3Dx")]
    [InlineData("/api/v1/pods?pretty=true")]
    [InlineData("/api/v1/namespaces/shop/pods/web-1?x=y")]
    [InlineData("/version")]
    [InlineData("/healthz")]
    [InlineData("/")]
    [InlineData("")]
    public void Read_OfAnythingElse_IsRefused(string asked) => Assert.Null(AccessPolicy.Read(asked));

    [Fact]
    [PolicyClause("S07")]
    public void Read_OfAHundredThousandHostileTargets_NeverLeavesTheTable()
    {
        string[] words =
        [
            "api", "apis", "v1", "v1beta1", "namespaces", "shop", "pods", "secrets", "configmaps", "deployments", "apps", "events", "nodes", "log", "exec", "proxy", "status", "scale", "..", ".", "", "%2e%2e", "%2f", "a/b", "a?b", "watch",
            "x y", "\u0000", "ü", "persistentvolumes", "batch", "jobs", "web-1", "*", "kube-system", "token", "serviceaccounts", "ephemeralcontainers", ";", "#", "\\", "@", "pods%2Flog",
        ];
        string[] queries = ["", "?", "?limit=5", "?watch=true", "?limit=5&watch=true", "?follow=true", "?labelSelector=a%3Db", "?labelSelector=a%00b", "?fieldSelector=metadata.name%3Dx", "?continue=abc", "?continue=a%26watch%3Dtrue", "?dryRun=All", "?limit=1%26watch=true", "?command=sh"];
        var random = new Random(7);
        var allowed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var path = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => "/" + words[random.Next(words.Length)])) + queries[random.Next(queries.Length)];
            if (i % 3 == 0)
            {
                path = "/api/v1" + path;
            }

            if (AccessPolicy.Read(path) is not { } read)
            {
                continue;
            }

            allowed++;
            var bare = read.Target.Split('?')[0];
            Assert.Contains(read.Resource, ResourceKinds.All);
            Assert.Equal(read.Resource.CollectionPath(read.Namespace) + (read.Name is null ? "" : "/" + read.Name), bare);
            Assert.Matches("^[a-z0-9./-]+$", bare);
            Assert.DoesNotContain("watch=", read.Target, StringComparison.Ordinal);
            Assert.NotEqual("secrets", read.Resource.Plural);

        }

        Assert.True(allowed > 100, $"only {allowed} were allowed: the test tries nothing");
    }

    [Fact]
    public void Kinds_ThatAreRead_AreTheseAlone() =>
        Assert.DoesNotContain(ResourceKinds.All, k => k.Plural is "secrets" or "configmaps" or "controllerrevisions" or "podtemplates" || k.Plural.Contains('/', StringComparison.Ordinal));
}
