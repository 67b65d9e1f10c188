using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Mail;

public static class MailSetup
{
    public static IServiceCollection AddMail(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MailOptions>().Bind(configuration.GetSection(MailOptions.Section))
            .Validate(o => o.SmtpSecurity is "StartTls" or "SslOnConnect" or "None", "Anycast:Mail:SmtpSecurity must be StartTls, SslOnConnect or None.")
            .Validate(o => MimeKit.MailboxAddress.TryParse(o.FromAddress, out var from) && from.Domain.Length > 0, "Anycast:Mail:FromAddress is not a mail address.")
            .ValidateOnStart();
        services.AddSingleton<MailQueue>();
        services.AddSingleton<MailPickup>();
        services.AddSingleton<MailDelivery>();
        services.AddSingleton<MailSender>();
        services.AddHostedService(provider => provider.GetRequiredService<MailSender>());
        return services;
    }
}
