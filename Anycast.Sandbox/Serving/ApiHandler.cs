using System.Globalization;
using System.Text;
using Anycast.Sandbox.Access;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Anycast.Sandbox.Serving;

/// <summary>The way of every request: who, what, faults, may they, then the handler; refusals become metav1.Status.</summary>
internal sealed class ApiHandler(
    KindTable kinds,
    Tokens tokens,
    RbacAuthorizer authorizer,
    AccessReviews reviews,
    RequestRecorder recorder,
    FaultSwitches faults,
    ListHandler lists,
    WatchHandler watches,
    WriteHandler writes,
    SubresourceHandler subresources,
    TimeProvider clock,
    CancellationToken stopping)
{
    private readonly Discovery _discovery = new(kinds);
    private readonly OpenApi _openApi = new(kinds);

    public async Task HandleAsync(HttpContext http)
    {
        var request = ApiRequest.Read(http, kinds);
        var caller = tokens.Find(http.Request.Headers.Authorization.ToString());
        var record = new RecordedRequest(
            clock.GetUtcNow(), caller?.Name ?? "", http.Request.Method, request.Path, http.Request.QueryString.Value ?? "",
            request.Verb, request.Group, request.Attributes.FullResource, request.Namespace, request.Name)
        {
            UserAgent = http.Request.Headers.UserAgent.ToString(),
        };
        recorder.Add(record);
        http.Response.OnStarting(() =>
        {
            record.Status = http.Response.StatusCode;
            return Task.CompletedTask;
        });
        try
        {
            if (await MeetFaultAsync(http, record))
            {
                return;
            }

            if (caller is null)
            {
                throw KubeErrors.Unauthorized();
            }

            await DispatchAsync(request with { User = Impersonated(http, caller) });
        }
        catch (ApiException refusal) when (!http.Response.HasStarted)
        {
            await Reply.FailureAsync(http, refusal);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            // The client went away.
        }
        finally
        {
            record.Status = record.Status == 0 ? http.Response.StatusCode : record.Status;
            record.Finished = true;
        }
    }

    private async Task DispatchAsync(ApiRequest request)
    {
        if (!request.IsResource)
        {
            await DispatchPathAsync(request);
            return;
        }

        if (!authorizer.IsAllowed(request.User, AttributesOf(request)))
        {
            throw KubeErrors.Forbidden(request.User, AttributesOf(request));
        }

        if (request.Kind is not { } kind)
        {
            await ReviewAsync(request);
            return;
        }

        if (request.Subresource.Length > 0)
        {
            await subresources.HandleAsync(request, kind);
            return;
        }

        await (request.Verb switch
        {
            "get" => lists.GetAsync(request, kind),
            "list" => lists.ListAsync(request, kind),
            "watch" => watches.WatchAsync(request, kind, stopping),
            "create" when request.Name.Length == 0 && (!kind.Namespaced || request.Namespace.Length > 0) => writes.CreateAsync(request, kind),
            "update" when request.Name.Length > 0 => writes.UpdateAsync(request, kind, WritePart.Main),
            "patch" when request.Name.Length > 0 => writes.PatchAsync(request, kind, WritePart.Main),
            "delete" => writes.DeleteAsync(request, kind),
            "deletecollection" => writes.DeleteCollectionAsync(request, kind),
            _ => throw KubeErrors.MethodNotAllowed(),
        });
    }

    private async Task DispatchPathAsync(ApiRequest request)
    {
        var path = request.Path.Length > 1 ? request.Path.TrimEnd('/') : request.Path;
        if (!authorizer.IsAllowedPath(request.User, request.Verb, path))
        {
            throw KubeErrors.ForbiddenPath(request.User, request.Verb, path);
        }

        switch (path)
        {
            case "/version":
                await Reply.JsonAsync(request.Http, Discovery.Version);
                return;
            case "/healthz" or "/livez" or "/readyz":
                request.Http.Response.ContentType = "text/plain";
                await request.Http.Response.WriteAsync("ok", request.Aborted);
                return;
            default:
                if (!await _discovery.TryAnswerAsync(request.Http, path) && !await _openApi.TryAnswerAsync(request.Http, path))
                {
                    throw KubeErrors.NoSuchRoute();
                }

                return;
        }
    }

    private async Task ReviewAsync(ApiRequest request)
    {
        if (request.Group is not ("authorization.k8s.io" or "authentication.k8s.io") || !AccessReviews.Kinds.ContainsKey(request.Resource))
        {
            throw KubeErrors.NoSuchRoute();
        }

        if (request.Verb != "create")
        {
            throw KubeErrors.MethodNotAllowed();
        }

        await Reply.JsonAsync(request.Http, reviews.Answer(request.Resource, await WriteHandler.ReadAsync(request), request.User), 201);
    }

    /// <summary>Lists and watches of a single name count as of that name, so that resourceNames can allow them.</summary>
    private static AccessAttributes AttributesOf(ApiRequest request)
    {
        var what = request.Attributes;
        if (what.Verb is "list" or "watch" && what.Name.Length == 0 && request.Kind is { } kind
            && FieldSelector.Parse(request.Query["fieldSelector"].ToString(), kind.Storage, out _)?.Name is { } name)
        {
            return what with { Name = name };
        }

        return what;
    }

    private Identity Impersonated(HttpContext http, Identity caller)
    {
        var name = http.Request.Headers["Impersonate-User"].ToString();
        if (name.Length == 0)
        {
            return caller;
        }

        var what = new AccessAttributes("impersonate", "", "users", "", "", name);
        return authorizer.IsAllowed(caller, what)
            ? Identity.Named(name, http.Request.Headers["Impersonate-Group"].OfType<string>())
            : throw KubeErrors.Forbidden(caller, what);
    }

    private async Task<bool> MeetFaultAsync(HttpContext http, RecordedRequest record)
    {
        if (faults.Meet(record, out var lifted) is not { } fault)
        {
            return false;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifted, stopping);
        if (fault.Delay > TimeSpan.Zero || fault.Stall)
        {
            try
            {
                await Task.Delay(fault.Stall ? Timeout.InfiniteTimeSpan : fault.Delay, clock, end.Token);
            }
            catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
            {
                // Lifted: go on as if nothing had been.
            }
        }

        if (fault.TruncateAfter is { } bytes)
        {
            var body = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
            http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new TruncatingStream(body.Stream, bytes, http), body));
        }

        if (fault.Status is { } status)
        {
            var reason = status switch { 401 => "Unauthorized", 403 => "Forbidden", 404 => "NotFound", 409 => "Conflict", 410 => "Expired", 429 => "TooManyRequests", 503 => "ServiceUnavailable", 504 => "Timeout", _ => "InternalError" };
            throw new ApiException(status, reason, string.Create(CultureInfo.InvariantCulture, $"a fault that a test switched on ({status})")) { RetryAfterSeconds = status == 429 ? 1 : null };
        }

        return false;
    }
}
