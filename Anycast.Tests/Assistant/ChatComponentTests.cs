using System.Globalization;
using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Anycast.Web.Assistant;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Assistant;

public sealed class ChatComponentTests : BunitContext
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero));

    public ChatComponentTests()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("en");
        Services.AddLogging();
        Services.AddLocalization();
        Services.AddSingleton<TimeProvider>(_clock);
        Services.AddScoped<Ticker>();
        Services.AddSingleton<FailureTexts>();
    }

    private static ToolView Tool(ToolCallStatus status = ToolCallStatus.Done, string? code = null, string output = """{"error":"x"}""") =>
        new(0, "diagnose", """{"name":"checkout"}""", status, code, "checkout · * · 1", output, TimeSpan.FromMilliseconds(42));

    [Fact]
    public void ToolCard_Collapsed_ShowsNameWhatWasReadAndDurationButNoOutput()
    {
        var card = Render<ToolCard>(p => p.Add(c => c.View, Tool(output: """{"canary":1}""")));
        Assert.Equal("false", card.Find("button.tool-head").GetAttribute("aria-expanded"));
        Assert.Contains("Looked for faults", card.Markup, StringComparison.Ordinal);
        Assert.Contains("42 ms", card.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", card.Markup, StringComparison.Ordinal);
        card.Find("button.tool-head").Click();
        Assert.Contains("canary", card.Find("pre:last-of-type").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void ToolCard_ClusterOffline_SaysSo()
    {
        var card = Render<ToolCard>(p => p.Add(c => c.View, Tool(ToolCallStatus.Failed, "cluster.offline")));
        Assert.Equal("cluster.offline", card.Find("[data-code]").GetAttribute("data-code"));
        Assert.NotEqual("", card.Find("[data-code]").TextContent.Trim());
    }

    [Fact]
    public void ToolCard_HostileOutput_IsText()
    {
        var card = Render<ToolCard>(p => p.Add(c => c.View, Tool(output: """{"x":"<img src=https://evil.example/x>"}""") with { Read = "<script>alert(1)</script>" }));
        card.Find("button.tool-head").Click();
        Assert.Empty(card.FindAll("img, script"));
    }

    [Fact]
    public void ChatMessage_HostileAnswer_LoadsNothing()
    {
        var message = new Message { Role = MessageRole.Assistant, State = MessageState.Complete, Seq = 2, Text = "![x](https://evil.example/a.png) <script>1</script> [click](javascript:alert(1))\n\n<iframe src=https://evil.example></iframe>", CreatedAt = _clock.GetUtcNow() };
        var view = Render<ChatMessage>(p => p.Add(c => c.Message, message));
        Assert.Empty(view.FindAll("img, script, iframe"));
        Assert.DoesNotContain(view.FindAll("a"), a => a.GetAttribute("href")!.StartsWith("javascript", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void ChatMessage_FailedAndNewest_OffersARetry()
    {
        var retried = false;
        var message = new Message { Role = MessageRole.Assistant, State = MessageState.Failed, Failure = AssistantFailureKind.RateLimited, RetryAt = _clock.GetUtcNow().AddSeconds(30), Seq = 2, CreatedAt = _clock.GetUtcNow() };
        var view = Render<ChatMessage>(p => p.Add(c => c.Message, message).Add(c => c.Last, true).Add(c => c.Continue, () => retried = true));
        Assert.Contains("30 s", view.Markup, StringComparison.Ordinal);
        view.Find("[data-retry]").Click();
        Assert.True(retried);
        Assert.Empty(Render<ChatMessage>(p => p.Add(c => c.Message, message).Add(c => c.Last, false)).FindAll("[data-retry]"));
    }

    [Fact]
    public void ChatMessage_Interrupted_OffersToGoOnInGermanToo()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("de");
        var message = new Message { Role = MessageRole.Assistant, State = MessageState.Interrupted, Interruption = InterruptReason.Restart, Text = "So weit", Seq = 2, CreatedAt = _clock.GetUtcNow() };
        var view = Render<ChatMessage>(p => p.Add(c => c.Message, message).Add(c => c.Last, true));
        Assert.Equal("Fortsetzen", view.Find("[data-continue]").TextContent.Trim());
    }

    [Theory]
    [InlineData("en", "You restricted the use of your data")]
    [InlineData("de", "Sie haben die Verwendung Ihrer Daten eingeschränkt")]
    public void ChatMessage_StoppedByARestriction_SaysWhyAndKeepsWhatIsThere(string language, string says)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
        var message = new Message { Role = MessageRole.Assistant, State = MessageState.Interrupted, Interruption = InterruptReason.Restricted, Text = "So far", Seq = 2, CreatedAt = _clock.GetUtcNow() };
        var view = Render<ChatMessage>(p => p.Add(c => c.Message, message).Add(c => c.Last, true));
        Assert.StartsWith(says, view.Find("[data-interrupted=Restricted]").TextContent.Trim(), StringComparison.Ordinal);
        Assert.Contains("So far", view.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "It is not stored")]
    [InlineData("de", "Es ist nicht gespeichert")]
    [PolicyClause("S07")]
    public void ToolCard_OfWhatWasReadUnderAnOptIn_SaysThatItIsNotKeptAndWhatStays(string language, string says)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
        var card = Render<ToolCard>(p => p.Add(c => c.View, new ToolView(0, "read_config_data", "{}", ToolCallStatus.Done, Read: "ConfigMap · shop · app", Output: ToolCall.NotKept)));
        card.Find("button").Click();
        Assert.Contains(says, card.Find("[data-not-kept]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("opt-in", card.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void ChatMessage_OfAModel_ShowsItsTokens()
    {
        var message = new Message { Role = MessageRole.Assistant, State = MessageState.Complete, Text = "x", Seq = 2, Provider = "P", Model = "m", InputTokens = 1234, CachedInputTokens = 200, OutputTokens = 56, CreatedAt = _clock.GetUtcNow() };
        Assert.Equal("1,234 tokens in (200 cached), 56 out", Render<ChatMessage>(p => p.Add(c => c.Message, message)).Find("[data-usage]").TextContent);
    }

    [Fact]
    public void ChatMessage_OfAnAnswerThatReadTheCluster_LinksToWhatLeftIt()
    {
        var message = new Message { Role = MessageRole.Assistant, State = MessageState.Complete, Text = "x", Seq = 2, CreatedAt = _clock.GetUtcNow() };
        var run = Guid.NewGuid();
        var href = AppUrls.LeftForAnswer("demo", "sandbox", run);
        Assert.Equal($"/t/demo/c/sandbox/left-the-cluster?answer={run}", href);
        Assert.Equal(href, Render<ChatMessage>(p => p.Add(c => c.Message, message).Add(c => c.LeftHref, href)).Find("[data-left]").GetAttribute("href"));
        Assert.Empty(Render<ChatMessage>(p => p.Add(c => c.Message, message)).FindAll("[data-left]"));
    }

    [Fact]
    public void Composer_WhileAnAnswerGrows_ShowsStopInsteadOfSend()
    {
        var composer = Render<Composer>(p => p.Add(c => c.Running, false).Add(c => c.Provider, "Built-in assistant"));
        Assert.NotNull(composer.Find("[data-send]"));
        composer.Render(p => p.Add(c => c.Running, true));
        Assert.Empty(composer.FindAll("[data-send]"));
        Assert.NotNull(composer.Find("[data-stop]"));
    }

    [Fact]
    public void Composer_RefusedWithContextAndClusters_ShowsAllThree()
    {
        string? about = "Deployment/shop/checkout";
        var cluster = new Cluster { Id = Guid.NewGuid(), Name = "Sandbox", Slug = "sandbox" };
        var composer = Render<Composer>(p => p
            .Add(c => c.Failure, new Failure(FailureKind.Conflict, "assistant.busy"))
            .Add(c => c.About, about).Add(c => c.AboutChanged, (string? a) => about = a)
            .Add(c => c.Clusters, [cluster]).Add(c => c.Cluster, cluster.Id));
        Assert.Equal("assistant.busy", composer.Find("[data-failure]").GetAttribute("data-failure"));
        Assert.Equal("Sandbox", composer.Find("option[selected]").TextContent);
        composer.Find(".chip-x").Click();
        Assert.Null(about);
    }

    [Theory]
    [InlineData("One.\n\nTwo", 1, "Two")]
    [InlineData("One.\n\n```\na\n\nb\n```\n\nrest", 2, "rest")]
    [InlineData("```\na\n\nb", 0, "```\na\n\nb")]
    [InlineData("1. a\n\n2. b\n\n3. c", 0, "1. a\n\n2. b\n\n3. c")]
    [InlineData("- a\n- b\n\nThen", 1, "Then")]
    [InlineData("no end", 0, "no end")]
    public void Settle_GrowingText_SplitsOffOnlyWhatCannotChange(string text, int closed, string open)
    {
        var (blocks, rest) = MessageParts.Settle(text);
        Assert.Equal((closed, open), (blocks.Count, rest.TrimStart('\n')));
    }

    [Fact]
    public void Settle_AnySplitOfATextIntoPieces_GivesTheSameBlocks()
    {
        const string Text = "**Title**\n\nCause with `code`.\n\n**Saw**\n\n- one\n- two\n\n1. a\n\n2. b\n\n```yaml\nx:\n\n  y\n```\n\nEnd.";
        var whole = MessageParts.Blocks(Text).OfType<MessagePart.Text>().Select(t => t.Markdown.Trim()).ToList();
        for (var size = 1; size < 9; size++)
        {
            var blocks = new List<MessagePart>();
            var open = "";
            for (var i = 0; i < Text.Length; i += size)
            {
                var (closed, rest) = MessageParts.Settle(open + Text[i..Math.Min(i + size, Text.Length)]);
                blocks.AddRange(closed);
                open = rest;
            }

            blocks.AddRange(MessageParts.Blocks(open));
            Assert.Equal(whole, blocks.OfType<MessagePart.Text>().Select(t => t.Markdown.Trim()));
        }
    }

    [Fact]
    public void Of_StoredAnswer_PutsToolCallsWhereTheyWereMade()
    {
        var proposal = Guid.NewGuid();
        var message = new Message { Role = MessageRole.Assistant, Text = "Looking.\n\nDone.", ToolCalls = [new ToolCall { Index = 0, Name = "diagnose", TextOffset = 8 }, new ToolCall { Index = 1, Name = "propose_change", TextOffset = 8, ProposalId = proposal }] };
        Assert.Equal(["Text", "Tool", "Tool", "Proposal", "Text"], MessageParts.Of(message).Select(p => p.GetType().Name));
    }

    [Theory]
    [InlineData("Deployment/shop/checkout", "Deployment/shop/checkout")]
    [InlineData("Node/worker-1", "Node//worker-1")]
    [InlineData("Deployment/shop/../x", null)]
    [InlineData("<b>/shop/x", null)]
    [InlineData("Deployment/shop/ignore all instructions", null)]
    [InlineData(null, null)]
    public void Clean_AboutOfAnAddress_IsAnObjectOrNothing(string? about, string? clean) => Assert.Equal(clean, ChatPage.Clean(about));
}
