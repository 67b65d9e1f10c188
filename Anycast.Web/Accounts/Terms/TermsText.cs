namespace Anycast.Web.Accounts.Terms;

/// <summary>Names the resource files of the terms.</summary>
public sealed class TermsText;
