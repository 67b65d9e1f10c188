namespace Anycast.Core.Accounts;

/// <summary>Accounts and passwords. Section <c>Anycast:Accounts</c>.</summary>
public sealed class AccountsOptions
{
    public const string Section = "Anycast:Accounts";

    public const int PasswordMinLength = 12;
    /// <summary>Where a second factor stands beside the password.</summary>
    public const int PasswordMinLengthWithSecondFactor = 8;

    public const int PasswordMaxLength = 128;

    /// <summary>Id of the pepper that the service makes for itself.</summary>
    public const string OwnPepperId = "p1";

    /// <summary>Lifetime of a link that confirms an address.</summary>
    public static readonly TimeSpan ConfirmationLifetime = TimeSpan.FromHours(24);

    /// <summary>Lifetime of a link that resets a password.</summary>
    public static readonly TimeSpan ResetLifetime = TimeSpan.FromHours(1);

    /// <summary>Lifetime of a link that confirms a new address.</summary>
    public static readonly TimeSpan EmailChangeLifetime = TimeSpan.FromHours(24);

    /// <summary>Lifetime of the link in the old mailbox that undoes a change of address.</summary>
    public static readonly TimeSpan EmailUndoLifetime = TimeSpan.FromDays(7);

    /// <summary>How far before a change of address its undoing reaches, at most: the session that asked for it may have added ways in first.</summary>
    public static readonly TimeSpan EmailUndoReach = TimeSpan.FromHours(24);

    /// <summary>Sessions end this long after their last activity (S04, K04); the row is deleted within a day after.</summary>
    public static readonly TimeSpan SessionIdle = TimeSpan.FromDays(60);

    /// <summary>Answers that depend on whether an account exists come no sooner than this (T18); zero only in tests.</summary>
    public TimeSpan AnswerFloor { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>bcrypt cost; 12 by decision (DESIGN promise 7), lower only in tests. Stored hashes outside 4–14 are refused.</summary>
    public int BcryptCost { get; set; } = 12;

    /// <summary>Secret mixed into every password hash. Empty: one of the service's own, made once and stored wrapped by the master key.</summary>
    public string? Pepper { get; set; }

    /// <summary>Id of the pepper, stored with each hash so that it can be replaced.</summary>
    public string PepperId { get; set; } = OwnPepperId;

    /// <summary>Peppers that were replaced, by id: their hashes are still verified, and stored anew with the present one at the next sign-in.</summary>
    public Dictionary<string, string> OldPeppers { get; set; } = [];

    /// <summary>Whether strangers may register.</summary>
    public bool RegistrationOpen { get; set; } = true;
}

/// <summary>The operator made at start from the environment, for containers. Section <c>Anycast:Setup</c>.</summary>
public sealed class SetupOptions
{
    public const string Section = "Anycast:Setup";

    public string? OperatorEmail { get; set; }
    public string? OperatorPassword { get; set; }
    public string OperatorName { get; set; } = "Operator";
}
