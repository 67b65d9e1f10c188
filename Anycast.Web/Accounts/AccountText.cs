namespace Anycast.Web.Accounts;

/// <summary>Names the resource files of the account pages.</summary>
public sealed class AccountText;
