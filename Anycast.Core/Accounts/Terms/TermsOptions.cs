namespace Anycast.Core.Accounts.Terms;

/// <summary>The terms of use of this installation; whoever runs it owns them. Section <c>Anycast:Terms</c>.</summary>
public sealed class TermsOptions
{
    public const string Section = "Anycast:Terms";

    /// <summary>Names the text; when it changes, everybody is asked again.</summary>
    public string Version { get; set; } = "2026-11-26";

    /// <summary>Where the text stands, if not on this site's own page.</summary>
    public Uri? Url { get; set; }
}
