using Anycast.Core.Teams.Invitations;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Teams;

public static class TeamsSetup
{
    public static IServiceCollection AddTeams(this IServiceCollection services) =>
        services.AddSingleton<TeamAccess>().AddSingleton<TeamService>().AddSingleton<MembershipService>().AddSingleton<InvitationService>().AddSingleton<InvitationPreview>().AddSingleton<MemberAvatars>();
}
