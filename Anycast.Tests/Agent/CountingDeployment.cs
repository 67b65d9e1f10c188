using System.Text.Json.Nodes;
using Anycast.Sandbox.Patching;
using Anycast.Sandbox.Serving;
using Anycast.Tests.Tunnel;
using Microsoft.AspNetCore.Http;

namespace Anycast.Tests.Agent;

/// <summary>Where an operation can be caught on its way, as the API server sees it.</summary>
public enum WritePoint
{
    Sent,
    BeforeRead,
    AfterRead,
    BeforeWrite,
    AfterWrite,
    AfterAnswer,
}

/// <summary>An API server with one Deployment that counts how often it was really changed, and calls back at each point of an operation.</summary>
public sealed class CountingDeployment
{
    public const string Uid = "00000000-0000-4000-8000-0000000000aa";
    private readonly Lock _gate = new();
    private readonly JsonObject _object = JsonNode.Parse($$$"""
        {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"checkout","namespace":"shop","uid":"{{{Uid}}}","generation":1,"resourceVersion":"1"},"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"checkout","image":"shop/checkout:1"}]} } } }
        """)!.AsObject();

    private Func<WritePoint, Task> _at = _ => Task.CompletedTask;

    /// <summary>Changes that took effect.</summary>
    public int Effects { get; private set; }

    public (int Replicas, long Generation) Now
    {
        get
        {
            lock (_gate)
            {
                return (_object["spec"]!["replicas"]!.GetValue<int>(), _object["metadata"]!["generation"]!.GetValue<long>());
            }
        }
    }

    /// <summary>Calls back the next time an operation comes to a point, once.</summary>
    public void Once(WritePoint point, Func<Task> action)
    {
        var left = 1;
        _at = at => at == point && Interlocked.Exchange(ref left, 0) == 1 ? action() : Task.CompletedTask;
    }

    public async Task AnswerAsync(HttpContext context, ApiCall call)
    {
        var write = call.Method == "PATCH";
        await _at(write ? WritePoint.BeforeWrite : WritePoint.BeforeRead);
        var (status, body) = write ? Apply(JsonNode.Parse(call.Body)!) : (200, Text());
        if (write)
        {
            await _at(WritePoint.AfterWrite);
        }

        try
        {
            await ScriptedApi.JsonAsync(context, body, status);
            await context.Response.CompleteAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The agent is gone; what it asked for was done.
        }

        await _at(write ? WritePoint.AfterAnswer : WritePoint.AfterRead);
    }

    private (int Status, string Body) Apply(JsonNode patch)
    {
        lock (_gate)
        {
            try
            {
                var next = JsonPatch.Apply((JsonObject)_object.DeepClone(), patch);
                _object["spec"] = next["spec"]!.DeepClone();
                _object["metadata"]!["generation"] = _object["metadata"]!["generation"]!.GetValue<long>() + 1;
                Effects++;
                return (200, _object.ToJsonString());
            }
            catch (ApiException)
            {
                return (422, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}""");
            }
        }
    }

    private string Text()
    {
        lock (_gate)
        {
            return _object.ToJsonString();
        }
    }
}
