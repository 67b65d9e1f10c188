namespace Anycast.Core.Teams;

/// <summary>Named permissions; the UI shows a person what they may do by these names.</summary>
public static class Permission
{
    public const string TeamView = "team.view";
    public const string TeamManage = "team.manage";
    /// <summary>Delete the team: owners alone.</summary>
    public const string TeamDelete = "team.delete";
    public const string MembersManage = "members.manage";
    public const string ClustersView = "clusters.view";
    public const string ClustersConnect = "clusters.connect";
    public const string ClustersManage = "clusters.manage";
    public const string AssistantUse = "assistant.use";
    public const string ProposalsView = "proposals.view";
    public const string ProposalsPropose = "proposals.propose";
    public const string ProposalsApprove = "proposals.approve";
    public const string ActivityView = "activity.view";

    /// <summary>All names.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        TeamView, TeamManage, TeamDelete, MembersManage, ClustersView, ClustersConnect, ClustersManage,
        AssistantUse, ProposalsView, ProposalsPropose, ProposalsApprove, ActivityView,
    ];
}

/// <summary>The one table from role to permissions.</summary>
public static class RoleTable
{
    private static readonly string[] s_viewer = [Permission.TeamView, Permission.ClustersView, Permission.ProposalsView, Permission.AssistantUse];
    private static readonly string[] s_member = [.. s_viewer, Permission.ProposalsPropose, Permission.ProposalsApprove, Permission.ActivityView];
    private static readonly string[] s_admin = [.. s_member, Permission.TeamManage, Permission.MembersManage, Permission.ClustersConnect, Permission.ClustersManage];
    private static readonly string[] s_owner = [.. s_admin, Permission.TeamDelete];

    /// <summary>What a role may do. A member approves only where the team allows it.</summary>
    public static IReadOnlySet<string> For(TeamRole role, bool membersMayApprove)
    {
        var names = role switch
        {
            TeamRole.Viewer => s_viewer,
            TeamRole.Member => s_member,
            TeamRole.Admin => s_admin,
            TeamRole.Owner => s_owner,
            _ => [],
        };
        var set = new HashSet<string>(names, StringComparer.Ordinal);
        if (role == TeamRole.Member && !membersMayApprove)
        {
            set.Remove(Permission.ProposalsApprove);
        }

        return set;
    }
}
