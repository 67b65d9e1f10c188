namespace Anycast.Web.Privacy;

/// <summary>Names the resource files of the privacy pages of an account.</summary>
public sealed class PrivacyText;
