using System.Security.Cryptography;

namespace Anycast.Core.Common.Sealing;

/// <summary>A wrapped secret and the id of the master key that wrapped it.</summary>
public sealed record Wrapped(string KeyId, byte[] Bytes);

/// <summary>
/// The configured master keys: one wraps, all of them unwrap. The others are earlier ones whose records are not wrapped anew yet, or the next one,
/// which every replica must be able to read before the first of them wraps with it.
/// </summary>
public sealed class MasterKeys
{
    private readonly Dictionary<string, MasterKey> _byId = new(StringComparer.Ordinal);

    public MasterKeys(MasterKey current, params IEnumerable<MasterKey> readable)
    {
        Current = current;
        foreach (var key in readable.Prepend(current))
        {
            _byId.TryAdd(key.Id, key);
        }
    }

    /// <summary>The one that wraps.</summary>
    public MasterKey Current { get; }

    /// <summary>Ids of all that unwrap, the current one's first.</summary>
    public IReadOnlyList<string> Ids => [.. _byId.Keys.OrderBy(id => id != Current.Id).ThenBy(id => id, StringComparer.Ordinal)];

    /// <summary>Whether this key is configured.</summary>
    public bool Has(string keyId) => _byId.ContainsKey(keyId);

    /// <summary>The key of an id.</summary>
    /// <exception cref="UnknownMasterKeyException">It is not configured.</exception>
    public MasterKey Get(string keyId) => _byId.TryGetValue(keyId, out var key) ? key : throw new UnknownMasterKeyException(keyId);

    /// <summary>Wraps with the current key.</summary>
    public Wrapped Wrap(string purpose, ReadOnlySpan<byte> plain, string place) => Wrap(Current, purpose, plain, place);

    /// <summary>Unwraps with the key that wrapped. What is older than ids (<paramref name="keyId"/> null) is tried with each.</summary>
    /// <exception cref="UnknownMasterKeyException">That key is not configured.</exception>
    /// <exception cref="CryptographicException">Moved or altered.</exception>
    public byte[] Unwrap(string purpose, string? keyId, ReadOnlySpan<byte> bytes, string place) =>
        SealedBytes.Open((keyId is null ? WrapperOf(purpose, bytes, place) ?? throw new UnknownMasterKeyException(null) : Get(keyId)).Derive(purpose), bytes, place);

    /// <summary>Wraps the same secret with another key, and makes sure that this can be undone before anybody replaces the old.</summary>
    /// <exception cref="CryptographicException">The old cannot be unwrapped.</exception>
    public Wrapped Rewrap(string purpose, string? keyId, ReadOnlySpan<byte> bytes, string place, MasterKey target)
    {
        var plain = Unwrap(purpose, keyId, bytes, place);
        var wrapped = Wrap(target, purpose, plain, place);
        return CryptographicOperations.FixedTimeEquals(plain, Unwrap(purpose, wrapped.KeyId, wrapped.Bytes, place))
            ? wrapped
            : throw new CryptographicException("What was wrapped anew does not unwrap to the same.");
    }

    /// <summary>Which of the keys wrapped a record that is older than ids.</summary>
    internal MasterKey? WrapperOf(string purpose, ReadOnlySpan<byte> bytes, string place)
    {
        foreach (var key in _byId.Values)
        {
            try
            {
                SealedBytes.Open(key.Derive(purpose), bytes, place);
                return key;
            }
            catch (AuthenticationTagMismatchException)
            {
                // Another key's.
            }
        }

        return null;
    }

    private static Wrapped Wrap(MasterKey key, string purpose, ReadOnlySpan<byte> plain, string place) => new(key.Id, SealedBytes.Seal(key.Derive(purpose), plain, place));
}
