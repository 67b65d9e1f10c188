using System.Security.Cryptography;
using System.Text;
using Anycast.Core.Common.Sealing;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using BC = BCrypt.Net.BCrypt;

namespace Anycast.Core.Accounts;

/// <summary>
/// Passwords as DESIGN promise 7 and clause S02 say: HMAC-SHA-384(pepper, NFC(password)) → base64 (64 bytes, so bcrypt's limit of 72 cuts
/// nothing) → bcrypt, stored as <c>anycast1$pepper id$hash</c>. Verification never throws on a malformed hash.
/// </summary>
public sealed class PasswordHasher : IPasswordHasher<User>
{
    private const string Scheme = "anycast1";
    private const int HighestCost = 14; // A stored hash of cost 31 would burn a core for days (T16).

    private readonly AccountsOptions _options;
    private readonly Func<byte[]> _ownPepper;
    private readonly string _dummy;

    // bcrypt takes a quarter of a second of one core: more at once than cores only makes everybody wait (T16). Who waits holds no thread meanwhile, and
    // the work has one of its own: else two hundred sign-ins at once would leave none for anybody's page.
    private static readonly SemaphoreSlim s_cores = new(Environment.ProcessorCount);

    public PasswordHasher(IOptions<AccountsOptions> options, ServiceKeys keys)
        : this(options.Value, () => keys.Get(ServiceKeys.PasswordPepper))
    {
    }

    internal PasswordHasher(AccountsOptions options, Func<byte[]> ownPepper)
    {
        _options = options;
        _ownPepper = ownPepper;

        // Only the work counts: no pepper is needed to have a hash that nothing verifies against.
        _dummy = Format(BC.HashPassword(Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)), options.BcryptCost));
    }

    public string HashPassword(User user, string password) => Hash(password);

    public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword) =>
        Verify(hashedPassword, providedPassword);

    /// <summary>A new hash.</summary>
    public Task<string> HashAsync(string password, CancellationToken ct) => WithCoreAsync(() => Hash(password), ct);

    /// <summary>Whether it is the password of a stored hash.</summary>
    public Task<PasswordVerificationResult> VerifyAsync(string stored, string password, CancellationToken ct) => WithCoreAsync(() => Verify(stored, password), ct);

    /// <summary>Does the work of a verification for an account that does not exist, so that timing tells nothing (T18).</summary>
    public Task VerifyNothingAsync(string password, CancellationToken ct) => WithCoreAsync(() => Verify(_dummy, password), ct);

    private string Hash(string password) => Format(BC.HashPassword(Prepare(password, FindPepper(_options.PepperId)!), _options.BcryptCost));

    private string Format(string hash) => $"{Scheme}${_options.PepperId}${hash}";

    /// <summary>A configured pepper wins; else it is the service's own. Hashes of the own one go on to verify after another was configured.</summary>
    private byte[]? FindPepper(string id)
    {
        if (id == _options.PepperId && !string.IsNullOrEmpty(_options.Pepper))
        {
            return Encoding.UTF8.GetBytes(_options.Pepper);
        }

        if (_options.OldPeppers.TryGetValue(id, out var old))
        {
            return Encoding.UTF8.GetBytes(old);
        }

        return id == _options.PepperId || id == AccountsOptions.OwnPepperId ? _ownPepper() : null;
    }

    private PasswordVerificationResult Verify(string stored, string password)
    {
        var parts = stored.Split('$', 3);
        if (parts is not [Scheme, var pepperId, var hash] || CostOf(hash) is not { } cost || cost > HighestCost || FindPepper(pepperId) is not { } pepper)
        {
            return PasswordVerificationResult.Failed;
        }

        try
        {
            if (!BC.Verify(Prepare(password, pepper), hash))
            {
                return PasswordVerificationResult.Failed;
            }
        }
        catch (Exception e) when (e is BCrypt.Net.SaltParseException or ArgumentException or FormatException)
        {
            return PasswordVerificationResult.Failed;
        }

        return cost == _options.BcryptCost && pepperId == _options.PepperId ? PasswordVerificationResult.Success : PasswordVerificationResult.SuccessRehashNeeded;
    }

    private static string Prepare(string password, byte[] pepper)
    {
        var bytes = Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormC));
        return Convert.ToBase64String(HMACSHA384.HashData(pepper, bytes));
    }

    private static int? CostOf(string hash) =>
        hash.Length == 60 && hash.StartsWith("$2", StringComparison.Ordinal) && int.TryParse(hash.AsSpan(4, 2), out var cost) ? cost : null;

    private static async Task<T> WithCoreAsync<T>(Func<T> work, CancellationToken ct)
    {
        await s_cores.WaitAsync(ct);
        try
        {
            return await Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        }
        finally
        {
            s_cores.Release();
        }
    }
}
