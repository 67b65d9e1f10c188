namespace Anycast.Web.Shell.Pages;

/// <summary>Names the resource files of the home page.</summary>
public sealed class HomeText;
