namespace Anycast.Core.Accounts.Beta;

/// <summary>A feature that is not for everybody yet. Its title and text stand in the page's resources under its key.</summary>
public sealed record BetaFeature(string Key, DateOnly Since);

/// <summary>The beta features there are. One that leaves this list loses its enrolments at the next maintenance.</summary>
public static class BetaCatalogue
{
    /// <summary>A team's activity over the API: <c>GET /api/v1/activity</c>.</summary>
    public static readonly BetaFeature ActivityApi = new("activity-api", new DateOnly(2026, 11, 26));

    public static readonly IReadOnlyList<BetaFeature> All = [ActivityApi];
}
