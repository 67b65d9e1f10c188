using Anycast.Core.Common;

namespace Anycast.Core.Accounts.Marketing;

/// <summary>The proof that an account said yes or no to marketing mail (D06, R07): one row for each change, the newest holds. Rows are only added.</summary>
public sealed class MarketingConsent
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Consent)]
    public bool IsGranted { get; set; }

    /// <summary>Which text stood beside the choice.</summary>
    [Classified(DataClass.Consent)]
    public string TextVersion { get; set; } = "";

    [Classified(DataClass.Consent)]
    public DateTimeOffset At { get; set; }

    /// <summary>By which page: <c>notifications</c>.</summary>
    [Classified(DataClass.Consent)]
    public string Source { get; set; } = "";

    [Classified(DataClass.Consent)]
    public string? Ip { get; set; }
}
