namespace Anycast.Web.Notifications;

/// <summary>Names the resource files of the notification pages.</summary>
public sealed class NotificationsText;
