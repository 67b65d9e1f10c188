using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox;

namespace Anycast.Tests.Sandbox;

/// <summary>One sandbox with the broken shop, shared by the tests of a collection: each uses objects of its own.</summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    public SandboxCluster Cluster { get; private set; } = null!;

    public Kubectl Kubectl { get; private set; } = null!;

    public HttpClient Admin { get; private set; } = null!;

    public HttpClient Agent { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await SandboxCluster.StartAsync(new SandboxOptions { Speed = 4, BookmarkEvery = TimeSpan.FromMilliseconds(200) });
        BindAddOns(Cluster);
        Kubectl = new Kubectl(Cluster);
        Admin = Client(Cluster, Cluster.AdminToken);
        Agent = Client(Cluster, Cluster.AgentToken);
    }

    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        Agent.Dispose();
        await Cluster.DisposeAsync();
        Kubectl.Dispose();
    }

    /// <summary>Gives the agent what the customer may bind beyond its manifest (deploy/agent/addons), for what is to be allowed and refused by roles.</summary>
    private static void BindAddOns(SandboxCluster cluster)
    {
        cluster.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"cluster-agent-addons"},"rules":[
              {"apiGroups":["apps"],"resources":["deployments/scale","statefulsets/scale","replicasets/scale"],"verbs":["get","patch"]},
              {"apiGroups":[""],"resources":["pods/eviction"],"verbs":["create"]},
              {"apiGroups":["apps"],"resources":["deployments","statefulsets","daemonsets"],"verbs":["create","update","patch","delete"]},
              {"apiGroups":["batch"],"resources":["jobs","cronjobs"],"verbs":["create","update","patch","delete"]},
              {"apiGroups":[""],"resources":["services","persistentvolumeclaims"],"verbs":["create","update","patch","delete"]}]}
            """)!);
        cluster.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"cluster-agent-addons"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-agent-addons"},
             "subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }

    /// <summary>A client that trusts the sandbox's authority and nothing else.</summary>
    public static HttpClient Client(SandboxCluster cluster, string token)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { X509Certificate2.CreateFromPem(cluster.CaCertificatePem) },
                },
            },
        };
        var client = new HttpClient(handler) { BaseAddress = cluster.Address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}

/// <summary>The collection that shares one sandbox.</summary>
[CollectionDefinition(Name)]
public sealed class SandboxCollection : ICollectionFixture<SandboxFixture>
{
    public const string Name = "Sandbox";
}

internal static class HttpExtensions
{
    public static async Task<(int Status, JsonNode Body)> CallAsync(this HttpClient client, HttpMethod method, string path, JsonNode? body = null, string type = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, type);
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text));
    }

    public static async Task<JsonNode> ReadAsync(this HttpClient client, string path, string? accept = null)
    {
        var (status, body) = await client.CallAsync(HttpMethod.Get, path, accept: accept);
        return status == 200 ? body : throw new InvalidOperationException($"GET {path} answered {status}: {body}");
    }
}
