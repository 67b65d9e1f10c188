using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Notifications;

public static class NotificationsSetup
{
    public static IServiceCollection AddNotifications(this IServiceCollection services) => services.AddSingleton<NotificationService>();
}
