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
    private readonly byte[] _pepper;
    private readonly string _dummy;

    // bcrypt takes a quarter of a second of one core: more at once than cores only makes everybody wait (T16).
    private static readonly SemaphoreSlim s_cores = new(Environment.ProcessorCount);

    public PasswordHasher(IOptions<AccountsOptions> options, MasterKey master)
    {
        _options = options.Value;
        _pepper = string.IsNullOrEmpty(_options.Pepper) ? master.Derive("password-pepper") : Encoding.UTF8.GetBytes(_options.Pepper);
        _dummy = Hash(Convert.ToHexString(RandomNumberGenerator.GetBytes(16)));
    }

    public string HashPassword(User user, string password) => Hash(password);

    public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword) =>
        Verify(hashedPassword, providedPassword);

    /// <summary>Does the work of a verification for an account that does not exist, so that timing tells nothing (T18).</summary>
    public void VerifyNothing(string password) => Verify(_dummy, password);

    private string Hash(string password) => WithCore(() => $"{Scheme}${_options.PepperId}${BC.HashPassword(Prepare(password), _options.BcryptCost)}");

    private PasswordVerificationResult Verify(string stored, string password)
    {
        var parts = stored.Split('$', 3);
        if (parts is not [Scheme, var pepperId, var hash] || pepperId != _options.PepperId || CostOf(hash) is not { } cost || cost > HighestCost)
        {
            return PasswordVerificationResult.Failed;
        }

        try
        {
            if (!WithCore(() => BC.Verify(Prepare(password), hash)))
            {
                return PasswordVerificationResult.Failed;
            }
        }
        catch (Exception e) when (e is BCrypt.Net.SaltParseException or ArgumentException or FormatException)
        {
            return PasswordVerificationResult.Failed;
        }

        return cost == _options.BcryptCost ? PasswordVerificationResult.Success : PasswordVerificationResult.SuccessRehashNeeded;
    }

    private string Prepare(string password)
    {
        var bytes = Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormC));
        return Convert.ToBase64String(HMACSHA384.HashData(_pepper, bytes));
    }

    private static int? CostOf(string hash) =>
        hash.Length == 60 && hash.StartsWith("$2", StringComparison.Ordinal) && int.TryParse(hash.AsSpan(4, 2), out var cost) ? cost : null;

    private static T WithCore<T>(Func<T> work)
    {
        s_cores.Wait();
        try
        {
            return work();
        }
        finally
        {
            s_cores.Release();
        }
    }
}
