using Anycast.Core.Agents;

namespace Anycast.Tests.Agents;

/// <summary>Which agents are called outdated.</summary>
public sealed class AgentReleaseTests
{
    [Theory]
    [InlineData("1.4.0", "3", false)]
    [InlineData("1.3.9", "3", true)]
    [InlineData("1.4.0", "2", true)]
    [InlineData("1.5.0", "4", false)]
    [InlineData("1.10.0", "3", false)]
    [InlineData("1.4.0-beta.1", "3", false)]
    [InlineData("", "", false)]
    [InlineData("who knows", "newest", false)]
    public void IsOlder_OfAVersion_ComparesNumbersAndSpecification(string version, string specification, bool older) =>
        Assert.Equal(older, AgentRelease.IsOlder(version, specification, "1.4.0", 3));

    [Fact]
    public void Current_IsAVersion() => Assert.Matches(@"^\d+\.\d+\.\d+", AgentRelease.Current);
}
