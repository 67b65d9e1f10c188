using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Tunnel;

/// <summary>What one request to the scripted API server was.</summary>
public sealed record ApiCall(string Method, string Target, string Body)
{
    private int aborted;

    public bool Aborted => Volatile.Read(ref aborted) != 0;

    public void Abort() => Interlocked.Exchange(ref aborted, 1);
}

/// <summary>
/// An API server whose answers a test writes itself: for what no well-behaved server does (expired watches on command, endless bodies,
/// hostile objects). Over plain HTTP on loopback, which a kubeconfig may name.
/// </summary>
public sealed class ScriptedApi : IAsyncDisposable
{
    private readonly WebApplication app;

    private ScriptedApi(WebApplication app) => this.app = app;

    /// <summary>Answers; by default everything is not found.</summary>
    public Func<HttpContext, ApiCall, Task> Answer { get; set; } = (context, _) => JsonAsync(context, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}""", 404);

    public ConcurrentQueue<ApiCall> Calls { get; } = new();

    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public string Kubeconfig => $$"""
        apiVersion: v1
        kind: Config
        current-context: test
        contexts:
        - name: test
          context: {cluster: test, user: agent}
        clusters:
        - name: test
          cluster:
            server: {{Address}}
        users:
        - name: agent
          user: {token: agent-token}
        """;

    public static async Task<ScriptedApi> StartAsync(Func<HttpContext, ApiCall, Task>? answer = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Limits.MinResponseDataRate = null).UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var api = new ScriptedApi(app);
        api.Answer = answer ?? api.Answer;
        app.Run(api.HandleAsync);
        await app.StartAsync();
        return api;
    }

    public static async Task JsonAsync(HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Watches may still be open.
        }

        await app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (target == "/api/v1/namespaces/kube-system")
        {
            await JsonAsync(context, """{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"6c1f7d1e-0c1a-4a51-9b7e-000000000001"}}""");
            return;
        }

        if (target == "/version")
        {
            await JsonAsync(context, """{"gitVersion":"v1.32.0"}""");
            return;
        }

        if (target is "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" or "/apis/agent.anycast.io/v1/namespaces/anycast-system/agentoptins/default")
        {
            // The agent's look at its own rights and at the customer's opt-ins; no call of the test's.
            await JsonAsync(context, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}""", 404);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var call = new ApiCall(context.Request.Method, target, Encoding.UTF8.GetString(body.ToArray()));
        using var registration = context.RequestAborted.Register(call.Abort);
        Calls.Enqueue(call);
        try
        {
            await Answer(context, call);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            call.Abort();
        }
    }
}
