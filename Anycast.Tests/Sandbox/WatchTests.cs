using System.Text.Json.Nodes;
using Anycast.Sandbox;

namespace Anycast.Tests.Sandbox;

/// <summary>Watches: resumption, selectors, bookmarks and what is too old.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private SandboxCluster _cluster = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false, Controllers = false, BookmarkEvery = TimeSpan.FromMilliseconds(100) });
        _client = SandboxFixture.Client(_cluster, _cluster.AdminToken);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Watch_FromAListsVersion_SeesOnlyWhatCameAfter()
    {
        Put("a", "old");
        var version = (await _client.ReadAsync("api/v1/namespaces/default/configmaps"))["metadata"]!["resourceVersion"]!.GetValue<string>();
        Put("b", "new");
        Put("a", "changed");
        _cluster.Store.Delete("ConfigMap", "default", "b");

        await using var watch = await OpenAsync($"api/v1/namespaces/default/configmaps?watch=true&resourceVersion={version}");

        Assert.Equal(("ADDED", "b"), await watch.NextAsync());
        Assert.Equal(("MODIFIED", "a"), await watch.NextAsync());
        Assert.Equal(("DELETED", "b"), await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_WithoutVersion_BeginsWithWhatIsThere()
    {
        Put("a", "1");
        await using var watch = await OpenAsync("api/v1/namespaces/default/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");

        var seen = new List<string>();
        (string Type, string Name) next;
        while ((next = await watch.NextAsync()).Type == "ADDED")
        {
            seen.Add(next.Name);
        }

        Assert.Contains("a", seen);
        Assert.Equal("BOOKMARK", next.Type);
        Assert.Equal("true", watch.Last["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>());
    }

    [Fact]
    public async Task Watch_ObjectLeavesTheSelector_IsDeletedForThatClient()
    {
        Put("a", "1", "yes");
        await using var watch = await OpenAsync("api/v1/namespaces/default/configmaps?watch=true&labelSelector=wanted%3Dyes");
        Assert.Equal(("ADDED", "a"), await watch.NextAsync());

        Put("a", "2", "no");
        Assert.Equal(("DELETED", "a"), await watch.NextAsync());

        Put("a", "3", "yes");
        Assert.Equal(("ADDED", "a"), await watch.NextAsync());
    }

    [Fact]
    public async Task Watch_NothingHappens_GetsBookmarksItCanResumeFrom()
    {
        var version = _cluster.Store.ResourceVersion;
        await using var watch = await OpenAsync($"api/v1/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion={version}");

        Assert.Equal("BOOKMARK", (await watch.NextAsync()).Type);
        Assert.True(long.Parse(watch.Last["metadata"]!["resourceVersion"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture) >= version);
    }

    [Fact]
    public async Task Watch_ExpiredVersion_Gets410()
    {
        var version = _cluster.Store.ResourceVersion;
        _cluster.Faults.ExpireResourceVersions();

        await using var watch = await OpenAsync($"api/v1/configmaps?watch=true&resourceVersion={version}");

        Assert.Equal("ERROR", (await watch.NextAsync()).Type);
        Assert.Equal(410, watch.Last["code"]!.GetValue<int>());
        Assert.Equal("Expired", watch.Last["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Continue_ExpiredToken_Answers410()
    {
        Put("a", "1");
        Put("b", "1");
        var token = (await _client.ReadAsync("api/v1/configmaps?limit=1"))["metadata"]!["continue"]!.GetValue<string>();
        _cluster.Faults.ExpireResourceVersions();

        var (status, body) = await _client.CallAsync(HttpMethod.Get, $"api/v1/configmaps?limit=1&continue={token}");

        Assert.Equal((410, "Expired"), (status, body["reason"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Watch_Dropped_EndsCleanly()
    {
        await using var watch = await OpenAsync("api/v1/nodes?watch=true&fieldSelector=metadata.name%3Dnobody");

        _cluster.Faults.DropWatches();

        Assert.Equal("", (await watch.NextAsync()).Type);
    }

    [Fact]
    public async Task Watch_AsTable_SendsColumnsOnce()
    {
        Put("a", "1");
        await using var watch = await OpenAsync("api/v1/namespaces/default/configmaps?watch=true", "application/json;as=Table;v=v1;g=meta.k8s.io");
        Assert.Equal("ADDED", (await watch.NextAsync()).Type);
        Assert.NotNull(watch.Last["columnDefinitions"]);

        Put("a", "2");
        string type;
        while ((type = (await watch.NextAsync()).Type) == "ADDED")
        {
        }

        Assert.Equal("MODIFIED", type);
        Assert.Null(watch.Last["columnDefinitions"]);
    }

    private void Put(string name, string value, string wanted = "no") => _cluster.Store.Upsert(new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["labels"] = new JsonObject { ["wanted"] = wanted } },
        ["data"] = new JsonObject { ["value"] = value },
    });

    private async Task<OpenWatch> OpenAsync(string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new OpenWatch(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    private sealed class OpenWatch(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public JsonNode Last { get; private set; } = new JsonObject();

        /// <summary>The next event's type and name; empty when the watch ended.</summary>
        public async Task<(string Type, string Name)> NextAsync()
        {
            var line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20));
            if (line is null)
            {
                return ("", "");
            }

            var parsed = JsonNode.Parse(line)!;
            Last = parsed["object"]!;
            return (parsed["type"]!.GetValue<string>(), Last["metadata"]?["name"]?.GetValue<string>() ?? "");
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
