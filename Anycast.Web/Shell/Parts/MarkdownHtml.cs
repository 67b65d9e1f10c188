using System.Text.RegularExpressions;
using Ganss.Xss;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Anycast.Web.Shell.Parts;

/// <summary>
/// Markdown of a model or a person to HTML that can do nothing: a small pipeline without raw HTML, links only to http, https, mailto and
/// addresses of this site, no images (a URL in one is a way out for data), and after that a sanitizer with explicit lists. Each of the
/// two alone was found to let something through (see docs/security).
/// </summary>
public static partial class MarkdownHtml
{
    /// <summary>Longer text is cut; a page stays usable whatever comes.</summary>
    public const int MaxLength = 200_000;

    private static readonly MarkdownPipeline s_pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseEmphasisExtras(Markdig.Extensions.EmphasisExtras.EmphasisExtraOptions.Strikethrough).Build();
    private static readonly HtmlSanitizer s_sanitizer = MakeSanitizer();

    /// <summary>HTML for a text. A text that Markdig refuses (nested too deeply) comes back as one preformatted block.</summary>
    public static string Render(string? markdown)
    {
        if (string.IsNullOrWhiteSpace(markdown))
        {
            return "";
        }

        var text = Bidi().Replace(markdown.Length > MaxLength ? markdown[..MaxLength] + "…" : markdown, m => $"U+{(int)m.Value[0]:X4}");
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(text, s_pipeline);
        }
        catch (ArgumentException)
        {
            return $"<pre>{System.Net.WebUtility.HtmlEncode(text)}</pre>";
        }

        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            heading.Level = Math.Min(heading.Level + 2, 6); // The page has the h1, its sections the h2.
        }

        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            if (link.IsImage || !IsAllowed(link.GetDynamicUrl?.Invoke() ?? link.Url))
            {
                Unwrap(link);
            }
        }

        foreach (var link in document.Descendants<AutolinkInline>().ToList())
        {
            if (!link.IsEmail && !IsAllowed(link.Url))
            {
                link.ReplaceBy(new LiteralInline(link.Url));
            }
        }

        return s_sanitizer.Sanitize(document.ToHtml(s_pipeline));
    }

    /// <summary>Characters that change the order of others: what is read would not be what is there, so they are written out.</summary>
    [GeneratedRegex("[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]")]
    private static partial Regex Bidi();

    /// <summary>Absolute http, https and mailto, or an address of this site.</summary>
    internal static bool IsAllowed(string? url) =>
        url is not null && (AppUrls.IsLocal(url)
            || (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "mailto" && !url.Any(char.IsControl)));

    /// <summary>Keeps a link's words and drops the link.</summary>
    private static void Unwrap(LinkInline link)
    {
        Inline last = link;
        while (link.FirstChild is { } child)
        {
            child.Remove();
            last.InsertAfter(child);
            last = child;
        }

        link.Remove();
    }

    private static HtmlSanitizer MakeSanitizer()
    {
        var sanitizer = new HtmlSanitizer(new HtmlSanitizerOptions
        {
            AllowedTags = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
            {
                "p", "br", "strong", "em", "del", "code", "pre", "ul", "ol", "li", "h3", "h4", "h5", "h6", "blockquote", "hr",
                "table", "thead", "tbody", "tr", "th", "td", "a",
            },
            AllowedAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "href", "start" },
            AllowedSchemes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "http", "https", "mailto" },
            UriAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "href" },
        });
        sanitizer.PostProcessNode += (_, e) =>
        {
            if (e.Node is AngleSharp.Html.Dom.IHtmlAnchorElement anchor && anchor.GetAttribute("href") is { } href && !AppUrls.IsLocal(href))
            {
                anchor.SetAttribute("rel", "noopener noreferrer nofollow");
                anchor.SetAttribute("target", "_blank");
            }
        };
        return sanitizer;
    }
}
