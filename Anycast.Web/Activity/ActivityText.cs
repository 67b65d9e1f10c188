namespace Anycast.Web.Activity;

/// <summary>Names the resource files of the activity page.</summary>
public sealed class ActivityText;
