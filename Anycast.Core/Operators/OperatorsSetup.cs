using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Operators;

public static class OperatorsSetup
{
    public static IServiceCollection AddOperators(this IServiceCollection services) =>
        services.AddSingleton<OperatorAccess>().AddSingleton<UserDirectory>().AddSingleton<TeamDirectory>().AddSingleton<MailDesk>().AddSingleton<BetaDirectory>().AddSingleton<MasterKeyDesk>();
}
