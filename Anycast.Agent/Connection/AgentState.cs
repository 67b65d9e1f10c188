using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Anycast.Agent.Connection;

/// <summary>As whom the agent introduces itself.</summary>
/// <param name="Key">The key pair that it proves.</param>
/// <param name="AgentId">Its id, once this key is enrolled.</param>
/// <param name="Token">The one-use token to enrol with, when it is not.</param>
public sealed record AgentIdentity(ECDsa Key, string? AgentId, string? Token)
{
    /// <summary>SubjectPublicKeyInfo in base64.</summary>
    public string PublicKey => Convert.ToBase64String(Key.ExportSubjectPublicKeyInfo());
}

/// <summary>
/// What the agent keeps: its private key, which it made itself, and the id that the service gave it. A new token means a new key: it is made
/// beside the one in use, takes its place when the service has accepted it, and leaves it alone when the token turns out to be worth nothing.
/// </summary>
public sealed class AgentState : IDisposable
{
    private const string KeyFile = "agent-key.pem";
    private const string EnrolmentFile = "enrolment.json";
    private const string TokenFile = "token";
    private readonly IStateStore store;
    private ECDsa key;
    private (ECDsa Key, string File)? next;
    private Enrolment? enrolment;
    private string? worthless;
    private bool ended;

    private AgentState(ECDsa key, IStateStore store, Enrolment? enrolment, string? token)
    {
        this.key = key;
        this.store = store;
        this.enrolment = enrolment;
        Token = token;
    }

    /// <summary>An enrolment token that lies beside the key, as the install manifest puts it there.</summary>
    public string? Token { get; }

    /// <summary>Opens the store, making the key pair on the first start.</summary>
    /// <exception cref="AgentSetupException">The store can't be used.</exception>
    public static async Task<AgentState> OpenAsync(IStateStore store, CancellationToken cancellationToken)
    {
        try
        {
            await store.LoadAsync(cancellationToken).ConfigureAwait(false);
            var enrolment = store.Read(EnrolmentFile) is { Length: > 0 } json ? JsonSerializer.Deserialize(json, AgentStateJson.Default.Enrolment) : null;
            var token = store.Read(TokenFile)?.Trim() is { Length: > 0 } text ? text : null;
            var file = enrolment?.Key is { } moving && store.Read(moving) is { Length: > 0 } ? moving : KeyFile;
            return new AgentState(await KeyAsync(store, file, cancellationToken).ConfigureAwait(false), store, enrolment, token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or JsonException)
        {
            throw new AgentSetupException($"The agent can't keep its key in {store.Description} ({e.GetType().Name}). Set ANYCAST_STATE to a directory that it may write.", e);
        }
    }

    /// <summary>As whom to connect to a service, with the token that is set now.</summary>
    public async Task<AgentIdentity> IdentityAsync(Uri server, string? token, CancellationToken cancellationToken)
    {
        if (enrolment is null && !ended)
        {
            return new AgentIdentity(key, null, token);
        }

        if (enrolment is { } known && known.Server == server.Authority && (token is null || Hash(token) is var hash && (hash == known.TokenHash || hash == worthless)))
        {
            return new AgentIdentity(key, known.AgentId, null);
        }

        if (token is null)
        {
            return new AgentIdentity(key, null, null);
        }

        // Kept before it is shown, under a name of its token's: a verdict that is lost on the way finds the same key again.
        var file = $"agent-key-{Hash(token)[..12]}.pem";
        if (next?.File != file)
        {
            next?.Key.Dispose();
            next = (await KeyAsync(store, file, cancellationToken).ConfigureAwait(false), file);
        }

        return new AgentIdentity(next.Value.Key, null, token);
    }

    /// <summary>Notes what the service accepted, so that the token is not needed again.</summary>
    public async Task EnrolledAsync(Uri server, string? token, AgentIdentity accepted, string agentId, CancellationToken cancellationToken)
    {
        // Where a worthless token is set, the one that this key was enrolled with stays noted.
        var hash = token is null || accepted.Token is null ? enrolment?.TokenHash : Hash(token);
        var isNext = next is { } made && accepted.Key == made.Key;
        await NoteAsync(new Enrolment(agentId, server.Authority, hash, isNext ? next!.Value.File : enrolment?.Key), cancellationToken).ConfigureAwait(false);
        if (isNext)
        {
            key.Dispose();
            (key, next) = (next!.Value.Key, null);
        }

        if (enrolment?.Key is { } file)
        {
            // The one write above has changed the key. Now it moves to its usual place, over the one before, which is gone with that.
            await store.WriteAsync(KeyFile, key.ExportPkcs8PrivateKeyPem(), cancellationToken).ConfigureAwait(false);
            await store.WriteAsync(file, "", cancellationToken).ConfigureAwait(false);
            await NoteAsync(enrolment with { Key = null }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The service refused a token. True when there is a key from before, which is used from now on.</summary>
    public bool GoesOnWithout(Uri server, string token)
    {
        worthless = Hash(token);
        return enrolment?.Server == server.Authority;
    }

    /// <summary>The service has ended a key with which a token was to be redeemed. True when another is made for it.</summary>
    public bool TakesAnotherKey(AgentIdentity refused)
    {
        ended |= refused.Key == key;
        return refused.Key == key;
    }

    public void Dispose()
    {
        key.Dispose();
        next?.Key.Dispose();
    }

    private async Task NoteAsync(Enrolment now, CancellationToken cancellationToken)
    {
        if (now != enrolment)
        {
            await store.WriteAsync(EnrolmentFile, JsonSerializer.Serialize(now, AgentStateJson.Default.Enrolment), cancellationToken).ConfigureAwait(false);
            enrolment = now;
        }
    }

    /// <summary>The key pair of a file, made when there is none.</summary>
    private static async Task<ECDsa> KeyAsync(IStateStore store, string file, CancellationToken cancellationToken)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            if (store.Read(file) is { Length: > 0 } pem)
            {
                key.ImportFromPem(pem);
            }
            else
            {
                await store.WriteAsync(file, key.ExportPkcs8PrivateKeyPem(), cancellationToken).ConfigureAwait(false);
            }

            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)));

    /// <summary>What the service accepted.</summary>
    /// <param name="Key">The file of the enrolled key while it is not yet in its usual place.</param>
    internal sealed record Enrolment(string AgentId, string Server, string? TokenHash, string? Key = null);
}

[JsonSerializable(typeof(AgentState.Enrolment))]
internal sealed partial class AgentStateJson : JsonSerializerContext;
