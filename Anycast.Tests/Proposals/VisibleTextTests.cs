using Anycast.Core.Proposals;
using Anycast.Tunnel.Operations;

namespace Anycast.Tests.Proposals;

/// <summary>Nothing hides from an approver (T4), and how much a change can break comes from a table.</summary>
public sealed class VisibleTextTests
{
    public static TheoryData<int> Hidden =>
    [
        0x00, 0x07, 0x09, 0x0A, 0x0D, 0x1B, 0x7F, 0x85, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180E, 0x2000, 0x2007, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
        0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x202F, 0x205F, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x206A, 0x206F,
        0x2800, 0x3000, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xE000, 0x1D173, 0xE0000, 0xE0001, 0xE0020, 0xE0041, 0xE007F, 0xE0100, 0xE01EF,
    ];

    [Theory]
    [MemberData(nameof(Hidden))]
    public void Split_OfWhatCannotBeSeen_WritesItOut(int code)
    {
        var parts = VisibleText.Split($"shop{char.ConvertFromUtf32(code)}prod");
        Assert.Equal([("shop", TextPart.Plain), ($"U+{code:X4}", TextPart.Escaped), ("prod", TextPart.Plain)], parts);
        Assert.False(VisibleText.IsPlain($"a{char.ConvertFromUtf32(code)}"));
    }

    [Theory]
    [InlineData("pаyments")]
    [InlineData("ѕhop")]
    [InlineData("ｋube-system")]
    [InlineData("Ⅰ")]
    public void Split_OfLettersThatLookLikeOthers_MarksThem(string text) =>
        Assert.Contains(VisibleText.Split(text), p => p.Part == TextPart.Unusual);

    [Fact]
    public void Split_OfAnOrdinaryValue_LeavesItWhole() =>
        Assert.Equal([("registry.shop.example/checkout:2.4.1", TextPart.Plain)], VisibleText.Split("registry.shop.example/checkout:2.4.1"));

    [Theory]
    [InlineData("Scale", "shop", "0", ProposalRisk.Destructive)]
    [InlineData("Scale", "shop", "3", ProposalRisk.Low)]
    [InlineData("Scale", "kube-system", "3", ProposalRisk.Destructive)]
    [InlineData("SetImage", "shop", "a:1", ProposalRisk.Medium)]
    [InlineData("Restart", "shop", "2026-11-24T00:00:00Z", ProposalRisk.Low)]
    [InlineData("Suspend", "shop", "true", ProposalRisk.Medium)]
    [InlineData("Suspend", "shop", "false", ProposalRisk.Low)]
    [InlineData("Cordon", "", "true", ProposalRisk.Medium)]
    [InlineData("Anything", "shop", "x", ProposalRisk.Destructive)]
    public void Risk_OfAnOperation_IsAsTheTableSays(string operation, string ns, string value, ProposalRisk risk) =>
        Assert.Equal(risk, RiskTable.Of(operation, new OperationTarget("apps", "Deployment", ns, "x"), [new LeafChange("spec.replicas", value)]));
}
