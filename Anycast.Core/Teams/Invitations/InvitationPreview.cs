using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Teams.Invitations;

/// <summary>What whoever holds the link of an invitation is shown before they sign in (I5): the name of the team, which stands in the mail too, and no more.</summary>
public sealed class InvitationPreview(IDbContextFactory<AppDbContext> contexts, TimeProvider clock)
{
    /// <summary>The team's name, while the invitation can be answered; null for any other secret. Looking uses nothing up.</summary>
    public async Task<string?> TeamAsync(string secret, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.TeamInvitations.Where(i => i.Hash == hash && i.State == InvitationState.Pending && i.ExpiresAt > now && i.Team!.BlockedAt == null)
            .Select(i => i.Team!.Name).SingleOrDefaultAsync(ct);
    }
}
