using Anycast.Web.Shell;

namespace Anycast.Tests.Shell;

public sealed class AppUrlsTests
{
    [Theory]
    [InlineData("/", true)]
    [InlineData("/t/a?x=//y", true)]
    [InlineData("//evil.example", false)]
    [InlineData("/\\evil.example", false)]
    [InlineData("/\t/evil.example", false)]
    [InlineData("/\n\\evil.example", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("evil", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsLocal_OfAnAddress_HoldsItOnThisSite(string? url, bool local) => Assert.Equal(local, AppUrls.IsLocal(url));

    [Fact]
    public void KubernetesObject_OfTheCoreGroupWithoutNamespace_NamesBoth() =>
        Assert.Equal("/t/a/c/b/o/core/Node/-/n1", AppUrls.KubernetesObject("a", "b", "", "Node", "", "n1"));
}
