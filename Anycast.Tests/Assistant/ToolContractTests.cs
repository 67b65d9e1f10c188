using System.Text.Json;
using Anycast.Core.Common.Tools;
using Anycast.Core.Assistant.Runs;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Assistant;

/// <summary>The tools as models and MCP clients see them: their names, their hints, and that none takes an address.</summary>
public sealed class ToolContractTests
{
    [Fact]
    public async Task Catalog_OfTheProduct_IsTheKnownOne()
    {
        await using var world = await AssistantWorld.StartAsync();
        var tools = world.Host.Get<ToolCatalog>().Tools;
        Assert.Equal(
            ["describe_with_events ReadOnly", "diagnose ReadOnly", "find_by_name ReadOnly", "get_resource ReadOnly", "list_resources ReadOnly", "propose_change Changing", "read_config_data ReadOnly"],
            tools.Select(t => $"{t.Name} {t.Effect}").Order());
        Assert.All(tools, t => Assert.False(t.Schema.GetProperty("additionalProperties").GetBoolean()));
        Assert.All(tools, t => Assert.Equal("object", t.Schema.GetProperty("type").GetString()));
        var parameters = tools.SelectMany(t => t.Schema.GetProperty("properties").EnumerateObject().Select(p => p.Name)).Distinct().Order();
        Assert.Equal(["changes", "kind", "limit", "name", "namespace", "operation", "search", "status", "unhealthy_only", "words"], parameters);
    }

    [Theory]
    [InlineData("""{"kind":"Pod","name":"x","namespace":"shop","extra":1}""")]
    [InlineData("""{"kind":"Pod"}""")]
    [InlineData("""{"kind":null,"name":"x"}""")]
    [InlineData("""{"kind":"Pod","name":5,"namespace":"shop"}""")]
    [InlineData("""[]""")]
    [InlineData("""{"kind":"Pod","name":"../../secrets","namespace":"shop"}""")]
    [InlineData("""{"kind":"Pod","name":"a%2fb","namespace":"shop"}""")]
    [InlineData("""{"kind":"Pod","name":"x","namespace":"shop/../kube-system"}""")]
    [InlineData("""{"kind":"Secret","name":"x","namespace":"shop"}""")]
    [InlineData("""{"kind":"Pod","name":"x"}""")]
    [InlineData("""{"kind":"Pod","name":"x\n","namespace":"shop"}""")]
    public async Task Arguments_ThatDoNotFit_AreRefusedBeforeAnythingIsAsked(string arguments)
    {
        await using var world = await AssistantWorld.StartAsync();
        var tool = world.Host.Get<ToolCatalog>().Find("get_resource")!;
        var result = await tool.InvokeAsync(new ToolContext(world.Actor, world.Team.Id, Guid.NewGuid(), null), JsonSerializer.Deserialize<JsonElement>(arguments), CancellationToken.None);
        Assert.Equal("tool.arguments", result.Code);
    }
}
