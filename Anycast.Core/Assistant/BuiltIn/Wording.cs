using System.Globalization;
using System.Resources;
using Anycast.Core.Diagnostics;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>The built-in assistant's words in one language, from <c>BuiltInText.resx</c> and its German sister.</summary>
internal sealed class Wording(CultureInfo culture)
{
    private static readonly ResourceManager Resources = new("Anycast.Core.Assistant.BuiltIn.BuiltInText", typeof(Wording).Assembly);

    public CultureInfo Culture => culture;

    public string this[string key] => Resources.GetString(key, culture) ?? key;

    public string Format(string key, params ReadOnlySpan<object?> args) => string.Format(culture, this[key], args);

    /// <summary>An answer with the line that says what it comes from.</summary>
    public string End(string text) => text.TrimEnd() + "\n\n" + this["Signature"];

    public string LookAt(string? name, string? ns) =>
        name is not null ? Format("LookAtName", Code(name)) : ns is not null ? Format("LookAtNamespace", Code(ns)) : this["LookAtAll"];

    public string ToolFailed(string tool, string code) => code switch
    {
        "cluster.offline" or "cluster.timeout" => this["Failed.offline"],
        "cluster.forbidden" or "proposals.forbidden_in_cluster" => this["Failed.forbiddenInCluster"],
        "cluster.not_found" or "not_found" => this["Failed.notFound"],
        "cluster.none_chosen" => this["Failed.noCluster"],
        "forbidden" => this["Failed.forbidden"],
        "proposals.read_only_cluster" => this["Failed.readOnly"],
        "proposals.no_change" => this["Failed.noChange"],
        _ => Format("Failed.other", Code(tool), Code(code)),
    };

    public string Title(DiagnosedFinding f) => $"**{Plain(FindingTexts.Of(f.Rule, "Title", f.Args, culture))}**";

    public string TitlePlain(DiagnosedFinding f) => Plain(FindingTexts.Of(f.Rule, "Title", f.Args, culture));

    public string Cause(DiagnosedFinding f) => FindingTexts.Of(f.Rule, "Cause", f.Args, culture);

    public string Remedy(DiagnosedFinding f) => FindingTexts.Of(f.Rule, "Remedy", f.Args, culture);

    public string Offer(DiagnosedFix fix) => Format("Offer", FindingTexts.OfFix(fix.Origin, fix.Args, culture)) + "\n\n";

    public string Severity(string severity) => this[$"Severity.{severity}"];

    public string NotThere(string kind, string name) => Format("NotThere", kind, Code(name));

    /// <summary>A value of the cluster as code: what it holds cannot end the code or begin a format.</summary>
    public static string Code(string? value)
    {
        var text = (value ?? "").Replace('`', '\'').ReplaceLineEndings(" ").Trim();
        return text.Length == 0 ? "–" : $"`{text}`";
    }

    /// <summary>Text with values of the cluster in a place where Markdown counts.</summary>
    public static string Plain(string text) => text.Replace("*", "\\*", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
}
