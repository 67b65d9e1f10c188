using System.Text.Json.Nodes;

namespace Anycast.Tests.Agent;

/// <summary>What the build writes into the agent for its runtime.</summary>
public sealed class AgentSettingsTests
{
    /// <summary>Otherwise its memory grows with the cores and the cache of the node it happens to run on (M13).</summary>
    [Fact]
    public void Memory_DoesNotFollowTheNode()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "Anycast.Agent.runtimeconfig.json");
        var settings = JsonNode.Parse(File.ReadAllText(file))!["runtimeOptions"]!["configProperties"]!;
        Assert.False((bool)settings["System.GC.Server"]!);
        Assert.InRange((int)settings["System.GC.Gen0MaxBudget"]!, 1024 * 1024, 8 * 1024 * 1024);
    }
}
