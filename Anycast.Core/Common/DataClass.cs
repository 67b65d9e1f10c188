namespace Anycast.Core.Common;

/// <summary>
/// What a persisted property is, for the law's purposes (DESIGN promise 6). Each class has one row in <see cref="DataClasses"/>
/// with lawful basis, retention, export and erasure; export, erasure, retention and the record of processing are generated from it.
/// </summary>
public enum DataClass
{
    /// <summary>Technical keys and states that say nothing of a person by themselves.</summary>
    Technical = 1,

    /// <summary>Name, address, and what identifies the account (D01).</summary>
    Contact,

    /// <summary>Language, colour scheme, time zone, avatar (D02).</summary>
    Preference,

    /// <summary>When and how the account was registered and confirmed (D04).</summary>
    Registration,

    /// <summary>Roles and permissions (D03, D11).</summary>
    Access,

    /// <summary>Hashes, sealed seeds, keys: never exported, only named as present (D07, D21, D22).</summary>
    Credential,

    /// <summary>Sign-in time, address, browser (D05, D23).</summary>
    Connection,

    /// <summary>What a person did (D14).</summary>
    Activity,

    /// <summary>What a person wrote or was answered (D12).</summary>
    Content,

    /// <summary>Token counts and other metering (D13).</summary>
    Usage,

    /// <summary>Messages sent to a person (D15).</summary>
    Message,

    /// <summary>Consent and its proof (D06, U10).</summary>
    Consent,

    /// <summary>A team's own data: its name, its settings.</summary>
    Team,

    /// <summary>Names and identifiers of clusters and of what is in them (D09, D10).</summary>
    Cluster,

    /// <summary>Values that a person typed for a change, sealed and purged after execution.</summary>
    TypedValue,

    /// <summary>Billing records kept by law (D26–D28).</summary>
    Billing,
}

/// <summary>What happens to data of a class when its person or team is erased.</summary>
public enum Erasure
{
    /// <summary>Goes with its row.</summary>
    DeleteRow,

    /// <summary>Overwritten within a day, the row stays for its keys.</summary>
    Scrub,

    /// <summary>Kept, because the law says so, without a link to the person.</summary>
    Keep,
}

/// <summary>The law's side of a <see cref="DataClass"/>.</summary>
/// <param name="Class">The class.</param>
/// <param name="Basis">Lawful basis under Art. 6(1) GDPR.</param>
/// <param name="Retention">How long, in words that the privacy page shows by this key.</param>
/// <param name="Exported">Whether the person's export holds the value; credentials are named as present and withheld.</param>
/// <param name="Erasure">What erasure does.</param>
public sealed record DataClassRule(DataClass Class, string Basis, string Retention, bool Exported, Erasure Erasure);

/// <summary>The one table from class to rule.</summary>
public static class DataClasses
{
    public static readonly IReadOnlyDictionary<DataClass, DataClassRule> Rules = new DataClassRule[]
    {
        new(DataClass.Technical, "Art. 6(1)(b)", "with_row", false, Erasure.DeleteRow),
        new(DataClass.Contact, "Art. 6(1)(b)", "account_active", true, Erasure.Scrub),
        new(DataClass.Preference, "Art. 6(1)(b)", "account_active", true, Erasure.Scrub),
        new(DataClass.Registration, "Art. 6(1)(b)", "account_active", true, Erasure.Scrub),
        new(DataClass.Access, "Art. 6(1)(b)", "membership", true, Erasure.DeleteRow),
        new(DataClass.Credential, "Art. 6(1)(b)", "until_replaced", false, Erasure.DeleteRow),
        new(DataClass.Connection, "Art. 6(1)(f)", "session", true, Erasure.DeleteRow),
        new(DataClass.Activity, "Art. 6(1)(f)", "newest_1000", true, Erasure.DeleteRow),
        new(DataClass.Content, "Art. 6(1)(b)", "newest_1000", true, Erasure.DeleteRow),
        new(DataClass.Usage, "Art. 6(1)(b)", "account_active", true, Erasure.Scrub),
        new(DataClass.Message, "Art. 6(1)(b)", "days_90", true, Erasure.DeleteRow),
        new(DataClass.Consent, "Art. 6(1)(c)", "proof", true, Erasure.Keep),
        new(DataClass.Team, "Art. 6(1)(b)", "team_active", true, Erasure.DeleteRow),
        new(DataClass.Cluster, "Art. 6(1)(b)", "team_active", true, Erasure.DeleteRow),
        new(DataClass.TypedValue, "Art. 6(1)(b)", "until_executed", false, Erasure.DeleteRow),
        new(DataClass.Billing, "Art. 6(1)(c)", "by_law", true, Erasure.Keep),
    }.ToDictionary(r => r.Class);
}

/// <summary>Classifies a persisted property. A property without it (and without <c>Classify</c> in its mapping) fails a guard test.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ClassifiedAttribute(DataClass dataClass) : Attribute
{
    public DataClass Class { get; } = dataClass;
}
