using System.Security.Cryptography;
using System.Text;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Accounts;

/// <summary>Makes the first account, the operator's, while no user exists: from loopback, with the printed setup code, or from the environment.</summary>
public sealed class SetupService(
    IDbContextFactory<AppDbContext> contexts,
    AccountService accounts,
    PasswordHasher hasher,
    RateLimiter limiter,
    IOptions<SetupOptions> options,
    TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private bool _done;

    /// <summary>Printed at start; good until the first account exists or the process ends. 60 bits, and tries are limited.</summary>
    public string Code { get; } = NewCode();

    /// <summary>Raised once an operator exists, in the process that made it.</summary>
    public event Action? Completed;

    /// <summary>Whether there is no user yet.</summary>
    public async Task<bool> IsNeededAsync(CancellationToken ct)
    {
        if (_done)
        {
            return false;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        _done = await db.Users.AnyAsync(ct);
        return !_done;
    }

    /// <summary>Makes the operator. <paramref name="fromLoopback"/> must be decided from the connection, never from a header.</summary>
    public async Task<Outcome<User>> CreateOperatorAsync(Registration input, string? code, bool fromLoopback, string? ip, CancellationToken ct)
    {
        if (!await IsNeededAsync(ct))
        {
            return new Failure(FailureKind.Conflict, "setup.done");
        }

        if (!fromLoopback)
        {
            if (await limiter.TakeAsync(RateLimitTable.Setup, RateLimiter.Network(ip), ct) is { } tooMany)
            {
                return tooMany;
            }

            if (!IsCode(code))
            {
                return new Failure(FailureKind.Forbidden, "setup.code_wrong");
            }
        }

        return await CreateAsync(input, ct);
    }

    /// <summary>Makes the operator from <c>Anycast:Setup</c>, if it is configured and no user exists.</summary>
    /// <exception cref="ConfigurationException">The configured values are not acceptable; start fails and says why.</exception>
    public async Task CreateFromConfigurationAsync(CancellationToken ct)
    {
        var setup = options.Value;
        if (string.IsNullOrWhiteSpace(setup.OperatorEmail) || !await IsNeededAsync(ct))
        {
            return;
        }

        var made = await CreateAsync(new Registration(setup.OperatorEmail, setup.OperatorName, setup.OperatorPassword ?? "", null), ct);
        if (!made.IsOk && made.Failure.Kind != FailureKind.Conflict)
        {
            throw new ConfigurationException(Sentence(made.Failure, setup));
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>For the console of whoever starts the service, which has no language.</summary>
    private static string Sentence(Failure failure, SetupOptions setup) => failure.Code switch
    {
        "accounts.name_missing" or "accounts.name_invalid" => $"Anycast__Setup__OperatorName must be a name of at most {AccountRules.NameMaxLength} characters.",
        "accounts.email_invalid" => "Anycast__Setup__OperatorEmail is not a mail address.",
        _ when string.IsNullOrEmpty(setup.OperatorPassword) => "Anycast__Setup__OperatorEmail is set, and Anycast__Setup__OperatorPassword is missing.",
        "accounts.password_short" => $"Anycast__Setup__OperatorPassword needs at least {failure.Args[0]} characters.",
        "accounts.password_long" => $"Anycast__Setup__OperatorPassword may have at most {failure.Args[0]} characters.",
        "accounts.password_common" => "Anycast__Setup__OperatorPassword is among the passwords that are tried first, or is the name or address itself.",
        _ => $"Anycast__Setup__OperatorEmail and Anycast__Setup__OperatorPassword cannot be used ({failure.Code}).",
    };

    private async Task<Outcome<User>> CreateAsync(Registration input, CancellationToken ct)
    {
        var email = input.Email.Trim();
        if ((AccountRules.CheckName(input.Name) ?? AccountRules.CheckEmail(email) ?? AccountRules.CheckPassword(input.Password, email, input.Name)) is { } invalid)
        {
            return invalid;
        }

        var hash = await hasher.HashAsync(input.Password, ct); // Before the transaction: a lock is no place to spend a quarter of a second.
        await _one.WaitAsync(ct);
        try
        {
            return await InsertAsync(email, input, hash, ct);
        }
        catch (Exception e) when (IsSerializationFailure(e))
        {
            // Another replica was faster by a moment; what it made holds.
            _done = true;
            return new Failure(FailureKind.Conflict, "setup.done");
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<Outcome<User>> InsertAsync(string email, Registration input, string hash, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, ct);
        if (await db.Users.AnyAsync(ct))
        {
            return new Failure(FailureKind.Conflict, "setup.done");
        }

        var user = accounts.NewUser(email, input.Name, input.Language, "setup");
        user.PasswordHash = hash;
        user.Roles = PlatformRoles.Operator;
        user.EmailConfirmed = true; // Whoever starts the service vouches for it.
        user.EmailConfirmedAt = clock.GetUtcNow();
        db.Users.Add(user);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        _done = true;
        Completed?.Invoke();
        return user;
    }

    /// <summary>SQLSTATE 40001: two serializable transactions could not both have been first.</summary>
    private static bool IsSerializationFailure(Exception? e) =>
        e is not null && (e is System.Data.Common.DbException { SqlState: "40001" } || IsSerializationFailure(e.InnerException));

    private bool IsCode(string? code) =>
        code is not null && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(code))), SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(Code))));

    private static string Normalize(string code) => code.Replace("-", "").Trim().ToUpperInvariant();

    private static string NewCode()
    {
        // Crockford's alphabet: nothing to mistake when it is read off a terminal.
        var characters = RandomNumberGenerator.GetItems<char>("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 12);
        return string.Join('-', characters.Chunk(4).Select(c => new string(c)));
    }
}
