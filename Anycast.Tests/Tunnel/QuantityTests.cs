using System.Text;
using Anycast.Tunnel.Projection;

namespace Anycast.Tests.Tunnel;

public sealed class QuantityTests
{
    // Every suffix of Kubernetes' resource.Quantity, and nodes report memory in Ki.
    [Theory]
    [InlineData("8", true)]
    [InlineData("100m", true)]
    [InlineData("32940032Ki", true)]
    [InlineData("512Mi", true)]
    [InlineData("1.5Gi", true)]
    [InlineData("2Ti", true)]
    [InlineData("1Pi", true)]
    [InlineData("1Ei", true)]
    [InlineData("5k", true)]
    [InlineData("5M", true)]
    [InlineData("1e3", true)]
    [InlineData("-1", true)]
    [InlineData("12x", false)]
    [InlineData("Ki", false)]
    [InlineData("1 Gi", false)]
    [InlineData("secret", false)]
    public void IsQuantity_Text_FollowsKubernetesGrammar(string text, bool expected) =>
        Assert.Equal(expected, LeafGrammar.IsQuantity(Encoding.UTF8.GetBytes(text)));
}
