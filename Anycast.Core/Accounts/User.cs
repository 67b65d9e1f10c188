using Anycast.Core.Common;
using Microsoft.AspNetCore.Identity;

namespace Anycast.Core.Accounts;

/// <summary>An account (D01–D08). What Identity declares is classified in <see cref="UserMapping"/>.</summary>
public sealed class User : IdentityUser<Guid>
{
    [Classified(DataClass.Contact)]
    public string Name { get; set; } = "";

    /// <summary>Platform roles (D03).</summary>
    [Classified(DataClass.Access)]
    public PlatformRoles Roles { get; set; }

    [Classified(DataClass.Registration)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>By which flow it came: <c>setup</c>, <c>registration</c>, <c>invitation</c> (D04).</summary>
    [Classified(DataClass.Registration)]
    public string CreatedBy { get; set; } = "";

    [Classified(DataClass.Registration)]
    public DateTimeOffset? EmailConfirmedAt { get; set; }

    /// <summary>The last complete sign-in, shown to the user (D05).</summary>
    [Classified(DataClass.Connection)]
    public DateTimeOffset? LastSignInAt { get; set; }

    [Classified(DataClass.Connection)]
    public string? LastSignInIp { get; set; }

    /// <summary>The one before, which is what a person wants to compare with.</summary>
    [Classified(DataClass.Connection)]
    public DateTimeOffset? PreviousSignInAt { get; set; }

    [Classified(DataClass.Connection)]
    public string? PreviousSignInIp { get; set; }

    /// <summary>Two-letter language of mails and pages, null while never chosen.</summary>
    [Classified(DataClass.Preference)]
    public string? Language { get; set; }

    /// <summary>Colour scheme, density, width of the navigation, time zone: null while never chosen. Values as in <see cref="Profile.UserPreferences"/>.</summary>
    [Classified(DataClass.Preference)]
    public string? Scheme { get; set; }

    [Classified(DataClass.Preference)]
    public string? Density { get; set; }

    [Classified(DataClass.Preference)]
    public string? Rail { get; set; }

    [Classified(DataClass.Preference)]
    public string? TimeZone { get; set; }

    /// <summary>The version of the terms accepted last (U10); the proof stands in <see cref="Terms.TermsAcceptance"/>.</summary>
    [Classified(DataClass.Consent)]
    public string? TermsVersion { get; set; }

    /// <summary>Whether the password is shorter than one must be that stands alone; then the second factor stays on (DESIGN promise 7).</summary>
    [Classified(DataClass.Access)]
    public bool HasShortPassword { get; set; }

    /// <summary>Since when the use of this person's data is restricted by them (R05); null: it is not.</summary>
    [Classified(DataClass.Registration)]
    public DateTimeOffset? RestrictedAt { get; set; }

    /// <summary>Blocked by an operator since then.</summary>
    [Classified(DataClass.Access)]
    public DateTimeOffset? BlockedAt { get; set; }

    /// <summary>Marked as deleted since then (X02).</summary>
    [Classified(DataClass.Registration)]
    public DateTimeOffset? DeletedAt { get; set; }
}
