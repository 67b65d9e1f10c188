using Anycast.Tests.Shell;
using Anycast.Tunnel.Operations;
using Anycast.Web.Proposals;
using Bunit;

namespace Anycast.Tests.Proposals;

/// <summary>The approver is not misled by what is in a value (T4).</summary>
public sealed class ProposalDiffTests
{
    [Fact]
    public void Diff_WithInvisibleCharacters_WritesThemOut()
    {
        using var context = new PartContext();
        var view = context.Render<ProposalDiff>(p => p.Add(d => d.Diff, [new LeafDiff("spec.selector[app]", "shop", "sh\u200Bop\u202E", true)]));
        Assert.Equal(["U+200B", "U+202E"], view.FindAll(".after .escaped").Select(e => e.TextContent));
        Assert.DoesNotContain('\u202E', view.Markup);
    }

    [Fact]
    public void Diff_WithAWithheldValue_SaysHowLongItWas()
    {
        using var context = new PartContext("de");
        var view = context.Render<ProposalDiff>(p => p.Add(d => d.Diff, [new LeafDiff("spec.x", "«withheld:12»", null, true)]));
        Assert.Contains("zurückgehalten, 12 Zeichen", view.Find(".before .withheld").TextContent, StringComparison.Ordinal);
        Assert.Equal("nicht gesetzt", view.Find(".after .absent").TextContent);
    }

    [Fact]
    public void Diff_OfHostileText_IsText()
    {
        using var context = new PartContext();
        var view = context.Render<ProposalDiff>(p => p.Add(d => d.Diff,
            [new LeafDiff("<img src=x onerror=alert(1)>", "<script>1</script>", "javascript:alert(1)", true), new LeafDiff("status.<b>", "<i>", null, false)]));
        Assert.Empty(view.FindAll("img, script, b, i, a"));
        Assert.Equal("<script>1</script>", view.Find(".before code").TextContent);
    }

    [Fact]
    public void Diff_OfALongValue_IsNotCut()
    {
        using var context = new PartContext();
        var value = new string('x', 2000);
        var view = context.Render<ProposalDiff>(p => p.Add(d => d.Diff, [new LeafDiff("a", null, value, true)]));
        Assert.Equal(value, view.Find(".after code").TextContent);
    }
}
