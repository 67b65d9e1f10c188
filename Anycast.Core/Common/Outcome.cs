using System.Diagnostics.CodeAnalysis;

namespace Anycast.Core.Common;

/// <summary>Why something that can be expected to fail did. A closed set; exceptions are for bugs and broken I/O.</summary>
public enum FailureKind
{
    /// <summary>There is no such thing, or the caller may not know of it: the two look the same.</summary>
    NotFound = 1,

    /// <summary>The caller sees it but may not do this.</summary>
    Forbidden = 2,

    /// <summary>The input is not valid.</summary>
    Invalid = 3,

    /// <summary>Somebody was faster, or it is no longer as it was.</summary>
    Conflict = 4,

    /// <summary>A limit is reached.</summary>
    TooMany = 5,

    /// <summary>Something this needs cannot be reached now (a cluster, a provider).</summary>
    Unavailable = 6,

    /// <summary>Too late.</summary>
    Expired = 7,
}

/// <summary>A named failure. <see cref="Code"/> is the key of its text (both languages) in the UI's <c>FailureText</c> resources.</summary>
/// <param name="Kind">The closed class it belongs to.</param>
/// <param name="Code">Dotted key such as <c>accounts.password_short</c>.</param>
/// <param name="Args">Values for the text's placeholders.</param>
public sealed record Failure(FailureKind Kind, string Code, params object[] Args)
{
    public static readonly Failure NotFound = new(FailureKind.NotFound, "not_found");
    public static readonly Failure Forbidden = new(FailureKind.Forbidden, "forbidden");

    /// <summary>For <see cref="FailureKind.TooMany"/>: when to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>The end of an operation without a value: success or a <see cref="Common.Failure"/>.</summary>
public readonly record struct Outcome(Failure? Failure)
{
    public static readonly Outcome Ok;

    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsOk => Failure is null;

    public static implicit operator Outcome(Failure failure) => new(failure);

    public static Outcome Invalid(string code, params object[] args) => new Failure(FailureKind.Invalid, code, args);
}

/// <summary>The end of an operation with a value, or a <see cref="Common.Failure"/>.</summary>
public readonly record struct Outcome<T>
{
    private Outcome(T? value, Failure? failure)
    {
        Value = value;
        Failure = failure;
    }

    /// <summary>The value; present exactly when <see cref="IsOk"/>.</summary>
    public T? Value { get; }

    public Failure? Failure { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsOk => Failure is null;

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Failure failure) => new(default, failure);

    /// <summary>Drops the value.</summary>
    public Outcome ToOutcome() => new(Failure);
}
