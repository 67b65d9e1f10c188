namespace Anycast.Web.Shell;

/// <summary>Names the resource files of the shell: <c>ShellText.resx</c> (English, neutral) and <c>ShellText.de.resx</c>.</summary>
public sealed class ShellText;
