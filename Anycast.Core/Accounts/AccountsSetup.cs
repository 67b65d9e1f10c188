using Anycast.Core.Accounts.Avatars;
using Anycast.Core.Accounts.Beta;
using Anycast.Core.Accounts.EmailChange;
using Anycast.Core.Accounts.Marketing;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Accounts.Profile;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Accounts;

public static class AccountsSetup
{
    public static IServiceCollection AddAccounts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AccountsOptions>().Bind(configuration.GetSection(AccountsOptions.Section))
            .Validate(o => o.BcryptCost is >= 4 and <= 14, "Anycast:Accounts:BcryptCost must be between 4 and 14; 12 is the product's figure.")
            .Validate(o => o.PepperId.Length is > 0 and <= 16 && !o.PepperId.Contains('$'), "Anycast:Accounts:PepperId must be 1 to 16 characters without $.")
            .Validate(o => o.OldPeppers.All(p => p.Key != o.PepperId && p.Key.Length is > 0 and <= 16 && !p.Key.Contains('$') && p.Value.Length > 0), "Anycast:Accounts:OldPeppers must hold peppers under other ids than PepperId.")
            .ValidateOnStart();
        services.AddOptions<SetupOptions>().Bind(configuration.GetSection(SetupOptions.Section));
        services.AddOptions<TermsOptions>().Bind(configuration.GetSection(TermsOptions.Section))
            .Validate(o => o.Version.Length is > 0 and <= 40, "Anycast:Terms:Version must be 1 to 40 characters, a date such as 2026-11-26.")
            .Validate(o => o.Url is null or { IsAbsoluteUri: true, Scheme: "https" }, "Anycast:Terms:Url must be an absolute https address.")
            .ValidateOnStart();
        services.AddOptions<SessionLimits>().Bind(configuration.GetSection(SessionLimits.Section))
            .Validate(o => SessionLimits.Presets.ContainsKey(o.Preset), $"Anycast:Sessions:Preset must be one of {string.Join(", ", SessionLimits.Presets.Keys)}.")
            .ValidateOnStart();
        services.AddSingleton<ILookupNormalizer, UpperInvariantLookupNormalizer>();
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<AccountTokens>();
        services.AddSingleton<SessionService>();
        services.AddSingleton<AccountService>();
        services.AddSingleton<RegistrationConfirmation>();
        services.AddSingleton<PreferenceService>();
        services.AddSingleton<TermsService>();
        services.AddSingleton<MarketingService>();
        services.AddSingleton<IMailGate, MailGate>();
        services.AddSingleton<LessAllowed>();
        services.AddSingleton<RestrictionService>();
        services.AddSingleton<AvatarService>();
        services.AddSingleton<BetaService>();
        services.AddSingleton<PasskeyChallenges>();
        services.AddSingleton<PasskeyService>();
        services.AddSingleton<EqualTime>();
        services.AddSingleton<SignInAttempts>();
        services.AddSingleton<SignInService>();
        services.AddSingleton<PinService>();
        services.AddSingleton<StepUpService>();
        services.AddSingleton<SecondFactorCheck>();
        services.AddSingleton<SecondFactorService>();
        services.AddSingleton<EmailChangeService>();
        services.AddSingleton<SetupService>();
        services.AddSingleton<Common.RateLimits.RateLimiter>();
        return services;
    }
}
