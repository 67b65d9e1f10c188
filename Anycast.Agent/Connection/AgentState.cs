using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Anycast.Agent.Connection;

/// <summary>
/// What the agent keeps on disk: its private key, which never leaves this directory, and the id that the service gave it.
/// Files are readable by their owner alone.
/// </summary>
public sealed class AgentState : IDisposable
{
    private readonly string enrolmentFile;
    private Enrolment? enrolment;

    private AgentState(ECDsa key, string enrolmentFile, Enrolment? enrolment)
    {
        Key = key;
        this.enrolmentFile = enrolmentFile;
        this.enrolment = enrolment;
    }

    public ECDsa Key { get; }

    /// <summary>SubjectPublicKeyInfo in base64.</summary>
    public string PublicKey => Convert.ToBase64String(Key.ExportSubjectPublicKeyInfo());

    /// <summary>Opens the directory, making it and the key pair on the first start.</summary>
    /// <exception cref="AgentSetupException">The directory can't be used.</exception>
    public static AgentState Open(string directory)
    {
        try
        {
            if (!Directory.Exists(directory))
            {
                if (OperatingSystem.IsWindows())
                {
                    Directory.CreateDirectory(directory);
                }
                else
                {
                    Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                }
            }

            var keyFile = Path.Combine(directory, "agent-key.pem");
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            if (File.Exists(keyFile))
            {
                key.ImportFromPem(File.ReadAllText(keyFile));
            }
            else
            {
                WritePrivate(keyFile, key.ExportPkcs8PrivateKeyPem());
            }

            var enrolmentFile = Path.Combine(directory, "enrolment.json");
            var enrolment = File.Exists(enrolmentFile) ? JsonSerializer.Deserialize(File.ReadAllText(enrolmentFile), AgentStateJson.Default.Enrolment) : null;
            return new AgentState(key, enrolmentFile, enrolment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or JsonException)
        {
            throw new AgentSetupException($"The agent can't keep its key in {directory} ({e.GetType().Name}). Set ANYCAST_STATE to a directory that it may write.", e);
        }
    }

    /// <summary>The id to connect with, when this token was redeemed at this service; null when the token has yet to be.</summary>
    public string? AgentIdFor(Uri server, string? token) =>
        enrolment is not null && enrolment.Server == server.Authority && (token is null || enrolment.TokenHash == Hash(token)) ? enrolment.AgentId : null;

    /// <summary>Notes what the service accepted, so that the token is not needed again.</summary>
    public void Enrolled(Uri server, string? token, string agentId)
    {
        var next = new Enrolment(agentId, server.Authority, token is null ? enrolment?.TokenHash : Hash(token));
        if (next == enrolment)
        {
            return;
        }

        WritePrivate(enrolmentFile, JsonSerializer.Serialize(next, AgentStateJson.Default.Enrolment));
        enrolment = next;
    }

    public void Dispose() => Key.Dispose();

    private static void WritePrivate(string path, string text)
    {
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    internal sealed record Enrolment(string AgentId, string Server, string? TokenHash);
}

[JsonSerializable(typeof(AgentState.Enrolment))]
internal sealed partial class AgentStateJson : JsonSerializerContext;
