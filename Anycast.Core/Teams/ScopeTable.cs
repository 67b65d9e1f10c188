using Anycast.Core.Common;

namespace Anycast.Core.Teams;

/// <summary>The one table from permission to the scopes a token needs for it. What is not listed, no token may: approving above all (DESIGN §6).</summary>
public static class ScopeTable
{
    private static readonly Dictionary<string, ApiScopes> s_needed = new(StringComparer.Ordinal)
    {
        [Permission.TeamView] = ApiScopes.Read,
        [Permission.ActivityView] = ApiScopes.Read,
        [Permission.ClustersView] = ApiScopes.Read | ApiScopes.Clusters,
        [Permission.ProposalsView] = ApiScopes.Read | ApiScopes.Clusters,
        [Permission.TeamManage] = ApiScopes.Write,
        [Permission.ClustersConnect] = ApiScopes.Write | ApiScopes.Clusters,
        [Permission.ClustersManage] = ApiScopes.Write | ApiScopes.Clusters,
        [Permission.AssistantUse] = ApiScopes.Assistant,
        [Permission.ProposalsPropose] = ApiScopes.Write | ApiScopes.Clusters,
    };

    /// <summary>Whether a token with these scopes may use a permission that its owner has.</summary>
    public static bool Allows(ApiScopes scopes, string permission) => s_needed.TryGetValue(permission, out var needed) && (scopes & needed) == needed;
}
