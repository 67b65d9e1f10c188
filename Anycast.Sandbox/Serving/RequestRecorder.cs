using Anycast.Sandbox.Access;

namespace Anycast.Sandbox.Serving;

/// <summary>One request that reached the sandbox, as an audit log would name it.</summary>
/// <param name="Time">When it arrived.</param>
/// <param name="User">Authenticated user name, or empty.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path without query.</param>
/// <param name="Query">Query with its question mark, or empty.</param>
/// <param name="Verb">Kubernetes verb.</param>
/// <param name="Group">API group.</param>
/// <param name="Resource">Plural resource, with the subresource: <c>pods/log</c>; empty for other paths.</param>
/// <param name="Namespace">Namespace, or empty.</param>
/// <param name="Name">Object name, or empty.</param>
public sealed record RecordedRequest(
    DateTimeOffset Time, string User, string Method, string Path, string Query, string Verb, string Group, string Resource, string Namespace, string Name)
{
    /// <summary>HTTP status; 0 while it is being answered. A watch that streams has 200.</summary>
    public int Status { get; internal set; }

    /// <summary>Value of the User-Agent header.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>True once the answer ended or the client went away.</summary>
    public bool Finished { get; internal set; }
}

/// <summary>The latest requests, oldest first; a bounded ring.</summary>
public sealed class RequestRecorder
{
    private const int Capacity = 10_000;
    private readonly Lock _gate = new();
    private readonly Queue<RecordedRequest> _requests = new();

    /// <summary>A copy of what is recorded.</summary>
    public IReadOnlyList<RecordedRequest> Snapshot()
    {
        lock (_gate)
        {
            return [.. _requests];
        }
    }

    /// <summary>The recorded requests of the agent's service account.</summary>
    public IReadOnlyList<RecordedRequest> ByAgent() => [.. Snapshot().Where(r => r.User == Identity.Agent.Name)];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _requests.Clear();
        }
    }

    internal void Add(RecordedRequest request)
    {
        lock (_gate)
        {
            if (_requests.Count == Capacity)
            {
                _requests.Dequeue();
            }

            _requests.Enqueue(request);
        }
    }
}
