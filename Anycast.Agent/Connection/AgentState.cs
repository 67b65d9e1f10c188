using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Anycast.Agent.Connection;

/// <summary>What the agent keeps: its private key, which it made itself, and the id that the service gave it.</summary>
public sealed class AgentState : IDisposable
{
    private const string KeyFile = "agent-key.pem";
    private const string EnrolmentFile = "enrolment.json";
    private const string TokenFile = "token";
    private readonly IStateStore store;
    private Enrolment? enrolment;

    private AgentState(ECDsa key, IStateStore store, Enrolment? enrolment, string? token)
    {
        Key = key;
        this.store = store;
        this.enrolment = enrolment;
        Token = token;
    }

    public ECDsa Key { get; }

    /// <summary>An enrolment token that lies beside the key, as the install manifest puts it there.</summary>
    public string? Token { get; }

    /// <summary>SubjectPublicKeyInfo in base64.</summary>
    public string PublicKey => Convert.ToBase64String(Key.ExportSubjectPublicKeyInfo());

    /// <summary>Opens the store, making the key pair on the first start.</summary>
    /// <exception cref="AgentSetupException">The store can't be used.</exception>
    public static async Task<AgentState> OpenAsync(IStateStore store, CancellationToken cancellationToken)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            await store.LoadAsync(cancellationToken).ConfigureAwait(false);
            if (store.Read(KeyFile) is { Length: > 0 } pem)
            {
                key.ImportFromPem(pem);
            }
            else
            {
                await store.WriteAsync(KeyFile, key.ExportPkcs8PrivateKeyPem(), cancellationToken).ConfigureAwait(false);
            }

            var enrolment = store.Read(EnrolmentFile) is { Length: > 0 } json ? JsonSerializer.Deserialize(json, AgentStateJson.Default.Enrolment) : null;
            return new AgentState(key, store, enrolment, store.Read(TokenFile)?.Trim() is { Length: > 0 } token ? token : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or JsonException)
        {
            key.Dispose();
            throw new AgentSetupException($"The agent can't keep its key in {store.Description} ({e.GetType().Name}). Set ANYCAST_STATE to a directory that it may write.", e);
        }
    }

    /// <summary>The id to connect with, when this token was redeemed at this service; null when the token has yet to be.</summary>
    public string? AgentIdFor(Uri server, string? token) =>
        enrolment is not null && enrolment.Server == server.Authority && (token is null || enrolment.TokenHash == Hash(token)) ? enrolment.AgentId : null;

    /// <summary>Notes what the service accepted, so that the token is not needed again.</summary>
    public async Task EnrolledAsync(Uri server, string? token, string agentId, CancellationToken cancellationToken)
    {
        var next = new Enrolment(agentId, server.Authority, token is null ? enrolment?.TokenHash : Hash(token));
        if (next != enrolment)
        {
            await store.WriteAsync(EnrolmentFile, JsonSerializer.Serialize(next, AgentStateJson.Default.Enrolment), cancellationToken).ConfigureAwait(false);
            enrolment = next;
        }
    }

    public void Dispose() => Key.Dispose();

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)));

    internal sealed record Enrolment(string AgentId, string Server, string? TokenHash);
}

[JsonSerializable(typeof(AgentState.Enrolment))]
internal sealed partial class AgentStateJson : JsonSerializerContext;
