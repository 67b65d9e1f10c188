using Anycast.Core.Common;

namespace Anycast.Core.Accounts.Terms;

/// <summary>The proof that an account accepted a version of the terms (U10). Rows are only added.</summary>
public sealed class TermsAcceptance
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Consent)]
    public string Version { get; set; } = "";

    [Classified(DataClass.Consent)]
    public DateTimeOffset AcceptedAt { get; set; }

    /// <summary>By which page: <c>registration</c> or <c>asked_again</c>.</summary>
    [Classified(DataClass.Consent)]
    public string Source { get; set; } = "";

    [Classified(DataClass.Consent)]
    public string? Ip { get; set; }
}
