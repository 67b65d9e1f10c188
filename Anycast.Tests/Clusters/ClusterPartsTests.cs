using System.Text.Json;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Teams;
using Anycast.Tests.Shell;
using Anycast.Tunnel.Rows;
using Anycast.Web.Clusters;
using Bunit;
using Microsoft.AspNetCore.Components.Web.Virtualization;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Clusters;

/// <summary>Parts of the cluster pages by themselves: the list, the YAML, what an object's page takes from hostile JSON.</summary>
public sealed class ClusterPartsTests
{
    private const string Hostile = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task Table_OfHostileRows_ShowsThemAsText()
    {
        using var context = new PartContext();
        var cache = new ClusterCache(Guid.NewGuid(), TimeProvider.System);
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, new PodRow { Kind = "Pod", Namespace = Hostile, Name = Hostile, Uid = "u", Status = Hostile, Node = "javascript:alert(1)", Health = Health.Failing }));
        var table = context.Render<RowsTable>(p => p
            .Add(t => t.Open, Open(cache)).Add(t => t.List, RowLists.Find("pods")!).Add(t => t.Query, RowQuery.Of("Pod")).Add(t => t.Team, "shop").Add(t => t.Cluster, "production").Add(t => t.Total, 1));

        // Virtualize draws nothing without a browser; its provider and its row template are what is asked for here.
        var list = table.FindComponent<Virtualize<ResourceRow>>().Instance;
        var rows = await list.ItemsProvider!(new ItemsProviderRequest(0, 10, Xunit.TestContext.Current.CancellationToken));
        Assert.Equal(1, rows.TotalItemCount);
        var row = context.Render(list.ItemContent!(rows.Items.Single()));
        Assert.Empty(row.FindAll("img, script"));
        Assert.Equal(Hostile, row.Find("a[data-list-open]").TextContent);
        Assert.All(row.FindAll("a"), a => Assert.StartsWith("/t/shop/c/production/o/", a.GetAttribute("href"), StringComparison.Ordinal));
        Assert.Contains(Hostile, row.Find(".chip.bad").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "No endpoints", "Backend missing")]
    [InlineData("de", "Keine Endpunkte", "Backend fehlt")]
    public async Task Table_OfServicesAndIngresses_SaysHowTheyAreDoingInTheReadersWords(string language, string service, string ingress)
    {
        using var context = new PartContext(language);
        var cache = new ClusterCache(Guid.NewGuid(), TimeProvider.System);
        foreach (var row in new ResourceRow[]
        {
            new ServiceRow { Kind = "Service", Namespace = "shop", Name = "search", Uid = "1", Ports = "80/TCP" },
            new EndpointSliceRow { Kind = "EndpointSlice", Namespace = "shop", Name = "search-1", Uid = "2", OwnerName = "search" },
            new IngressRow { Kind = "Ingress", Namespace = "shop", Name = "way", Uid = "3", Backends = "nobody:80" },
        })
        {
            cache.Apply(null, row.Kind, new RowChange(RowChangeType.Upsert, row));
            cache.Apply(null, row.Kind, new RowChange(RowChangeType.Synced));
        }

        var table = context.Render<RowsTable>(p => p
            .Add(t => t.Open, Open(cache)).Add(t => t.List, RowLists.Find("network")!).Add(t => t.Query, RowQuery.Of("Service", "Ingress")).Add(t => t.Team, "shop").Add(t => t.Cluster, "production").Add(t => t.Total, 2));
        var list = table.FindComponent<Virtualize<ResourceRow>>().Instance;
        var rows = await list.ItemsProvider!(new ItemsProviderRequest(0, 10, Xunit.TestContext.Current.CancellationToken));
        Assert.Equal([service, ingress], rows.Items.Select(r => context.Render(list.ItemContent!(r)).Find(".chip.bad").TextContent.Trim()));
        Assert.All(NetworkWords.All, w => Assert.False(context.Services.GetRequiredService<Microsoft.Extensions.Localization.IStringLocalizer<Anycast.Web.Shell.ShellText>>()[$"Word.{w}"].ResourceNotFound));
    }

    [Fact]
    public void Table_SortedByAColumn_SaysSoAndTurnsItRound()
    {
        using var context = new PartContext();
        var table = context.Render<RowsTable>(p => p
            .Add(t => t.Open, Open(new ClusterCache(Guid.NewGuid(), TimeProvider.System))).Add(t => t.List, RowLists.Find("pods")!)
            .Add(t => t.Query, RowQuery.Of("Pod") with { Sort = RowSort.Restarts, Descending = true }).Add(t => t.Team, "shop").Add(t => t.Cluster, "production"));
        Assert.Equal("descending", table.Find("th[aria-sort]").GetAttribute("aria-sort"));
        table.Find("th[aria-sort] button").Click();
        var navigation = context.Services.GetService<Microsoft.AspNetCore.Components.NavigationManager>()!;
        Assert.EndsWith("?sort=restarts&dir=asc", navigation.Uri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":"plain","b":1,"c":true,"d":null,"e":[],"f":{}}""", "a: plain\nb: 1\nc: true\nd: null\ne: []\nf: {}\n")]
    [InlineData("""{"a":{"b":["x",{"c":"1","d":"yes"}]}}""", "a:\n  b:\n  - x\n  - c: \"1\"\n    d: \"yes\"\n")]
    [InlineData("""{"a":"x: y","b":"-","c":"","d":"#x","e":"«withheld:3»"}""", "a: \"x: y\"\nb: \"-\"\nc: \"\"\nd: \"#x\"\ne: «withheld:3»\n")]
    [InlineData("{\"a\":\"line\\nbreak\\u202e\\u200b\"}", "a: \"line\\nbreak\\u202E\\u200B\"\n")]
    [InlineData("""{"2026-11-24":"12:30","k":"1e3"}""", "\"2026-11-24\": \"12:30\"\nk: \"1e3\"\n")]
    public void Yaml_OfJson_ReadsTheSameAndHidesNothing(string json, string yaml)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Equal(yaml, JsonYaml.Write(document.RootElement));
    }

    [Fact]
    public void Yaml_BeyondItsLimit_IsCutAndSaysSo()
    {
        using var document = JsonDocument.Parse("{\"a\":[" + string.Join(',', Enumerable.Repeat("\"xxxxxxxxxx\"", 1000)) + "]}");
        Assert.EndsWith("# …", JsonYaml.Write(document.RootElement, 500), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"metadata":[],"spec":"x","status":{"conditions":{},"containerStatuses":[1]}}""")]
    [InlineData("""{"spec":{"containers":[{"name":7},"x",{"image":{}}]},"status":{"containerStatuses":[{"name":"7","state":[]}]}}""")]
    public void Detail_OfJsonThatIsNoObject_DoesNotFail(string json)
    {
        using var document = JsonDocument.Parse(json);
        Assert.NotNull(ObjectDetail.Of(document.RootElement));
    }

    [Fact]
    public void Lists_OfEveryPage_HaveKindsTheCacheHolds()
    {
        Assert.All(RowLists.All, list => Assert.Empty(list.Kinds.Except(ClusterKinds.WithRows)));
        Assert.Equal("1.5 GiB", RowLists.Bytes(3L << 29));
    }

    private static ScopedCache Open(ClusterCache cache) => new(
        new ClusterGrant(new TeamGrant(Guid.NewGuid(), "shop", "Shop", TeamRole.Owner, new HashSet<string>()), new Cluster { Id = cache.ClusterId, Slug = "production", Name = "Production" }, ClusterScope.All), cache);
}
