namespace Anycast.Core.Accounts;

/// <summary>How long sessions live. Section <c>Anycast:Sessions</c>. Shorter than the policy's figure is allowed, longer is not.</summary>
public sealed class SessionLimits
{
    public const string Section = "Anycast:Sessions";

    /// <summary>The presets by name: idle time, and the time after which a sign-in is asked for however active a session is (ASVS 7.3.2, NIST SP 800-63B).</summary>
    public static readonly IReadOnlyDictionary<string, (TimeSpan Idle, TimeSpan? Overall)> Presets = new Dictionary<string, (TimeSpan, TimeSpan?)>(StringComparer.OrdinalIgnoreCase)
    {
        ["Policy"] = (AccountsOptions.SessionIdle, null),
        ["Relaxed"] = (AccountsOptions.SessionIdle, TimeSpan.FromDays(180)),
        ["Aal1"] = (TimeSpan.FromDays(30), TimeSpan.FromDays(30)),
        ["Aal2"] = (TimeSpan.FromHours(1), TimeSpan.FromHours(24)),
    };

    /// <summary><c>Policy</c> (default), <c>Relaxed</c>, <c>Aal1</c> or <c>Aal2</c>.</summary>
    public string Preset { get; set; } = "Policy";

    public TimeSpan Idle => Presets[Preset].Idle;

    /// <summary>Null: activity keeps a session alive without end.</summary>
    public TimeSpan? Overall => Presets[Preset].Overall;
}
