using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Anycast.Tunnel;
using Anycast.Tunnel.Carrier;

namespace Anycast.Agent.Connection;

/// <summary>The service refused this agent.</summary>
internal sealed class RefusedException(string code, string message) : Exception(message)
{
    /// <summary>A code of <see cref="RefusalCodes"/>.</summary>
    public string Code { get; } = code;
}

/// <summary>Dials the service and proves the agent's key.</summary>
internal sealed class Dialler(AgentOptions options, AgentState state, AgentAbout about) : IDisposable
{
    private readonly Uri target = new UriBuilder(options.Server)
    {
        Scheme = options.Server.Scheme == "https" ? "wss" : "ws",
        Path = options.Server.AbsolutePath.TrimEnd('/') + TunnelRoutes.Connect,
    }.Uri;

    private readonly HttpMessageInvoker invoker = new(Handler(options));

    /// <summary>Connects once.</summary>
    /// <returns>The open WebSocket after the service accepted the agent, and the name that the service gave it.</returns>
    /// <exception cref="RefusedException">The service refused the agent.</exception>
    /// <exception cref="ConnectException">The exchange failed.</exception>
    public async Task<(WebSocket Socket, string Name)> ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectChannel.Limit + ConnectChannel.Limit);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(15);
            socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(15);
            await socket.ConnectAsync(target, invoker, limit.Token).ConfigureAwait(false);
            var name = await ProveAsync(new ConnectChannel(socket), limit.Token).ConfigureAwait(false);
            return (socket, name);
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            socket.Dispose();
            throw new ConnectException(Explain(e), e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => invoker.Dispose();

    private async Task<string> ProveAsync(ConnectChannel channel, CancellationToken cancellationToken)
    {
        var token = options.Token ?? state.Token;
        var identity = await state.IdentityAsync(options.Server, token, cancellationToken).ConfigureAwait(false);
        var hello = new AgentHello("hello", 1, identity.PublicKey, about.ClusterUid, about.KubernetesVersion, about.Version, about.SpecificationVersion, identity.AgentId, identity.Token);
        if (hello.AgentId is null && hello.Token is null)
        {
            throw new RefusedException(RefusalCodes.TokenInvalid, "This agent is not enrolled and ANYCAST_TOKEN is not set. Make a token where the cluster is connected.");
        }

        await channel.SendAsync(hello, TunnelJson.Default.AgentHello, cancellationToken).ConfigureAwait(false);

        // The service may refuse before it challenges.
        var challenge = await channel.ReceiveAsync(TunnelJson.Default.ConnectStep, cancellationToken).ConfigureAwait(false);
        if (challenge.Type == "challenge" && challenge.Nonce is { Length: > 0 and <= 128 } nonce)
        {
            await channel.SendAsync(new ConnectAnswer("proof", ConnectProof.Sign(identity.Key, nonce, hello)), TunnelJson.Default.ConnectAnswer, cancellationToken).ConfigureAwait(false);
            challenge = await channel.ReceiveAsync(TunnelJson.Default.ConnectStep, cancellationToken).ConfigureAwait(false);
        }

        if (challenge is { Type: "accepted", AgentId: { Length: > 0 and <= 100 } id })
        {
            await state.EnrolledAsync(options.Server, token, identity, id, cancellationToken).ConfigureAwait(false);
            return challenge.Name ?? id;
        }

        if (challenge is not { Type: "refused", Code: { } code })
        {
            throw new ConnectException("The service answered with something that is no verdict.");
        }

        throw Recovers(identity, code) is { } going ? new ConnectException($"{challenge.Message ?? code} {going}") : new RefusedException(code, challenge.Message ?? code);
    }

    /// <summary>What the agent does about a refusal that is for good but for what it has besides; null when it has nothing.</summary>
    private string? Recovers(AgentIdentity refused, string code) => code switch
    {
        _ when refused.Token is null => null,

        // A token that came too late must not cost an enrolled agent its connection, and a key that was ended must not spoil a good token.
        RefusalCodes.TokenInvalid or RefusalCodes.TokenUsed or RefusalCodes.TokenExpired or RefusalCodes.TokenReplaced or RefusalCodes.ClusterMismatch =>
            state.GoesOnWithout(options.Server, refused.Token) ? "Going on with the key from before." : null,
        RefusalCodes.Revoked or RefusalCodes.Quarantined => state.TakesAnotherKey(refused) ? "Trying again with a new key." : null,
        _ => null,
    };

    private static string Explain(Exception e) => e switch
    {
        OperationCanceledException => "The service did not answer in time.",
        _ when Root<System.Security.Authentication.AuthenticationException>(e) => "The service's certificate is not trusted. If a private authority signed it, set ANYCAST_CA_FILE; if a proxy opens TLS, exempt the service.",
        _ when Proxy(e) => "The proxy (HTTPS_PROXY) refused to lead to the service. Check its address and credentials, and that it lets the service's host through.",
        _ when Socket(e) is { } code => $"The service can't be reached ({code}). Check the address, DNS and the way out of the cluster (HTTPS_PROXY).",
        WebSocketException { WebSocketErrorCode: WebSocketError.NotAWebSocket } => "What answers at ANYCAST_SERVER is not the service, or a proxy in between does not let WebSockets through.",
        _ => $"The connection to the service failed ({e.GetType().Name}).",
    };

    private static bool Proxy(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError })
            {
                return true;
            }
        }

        return false;
    }

    private static bool Root<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is T)
            {
                return true;
            }
        }

        return false;
    }

    private static System.Net.Sockets.SocketError? Socket(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is System.Net.Sockets.SocketException socket)
            {
                return socket.SocketErrorCode;
            }
        }

        return null;
    }

    private static SocketsHttpHandler Handler(AgentOptions options)
    {
        X509Certificate2Collection? authorities = null;
        if (options.CaFile is { } file)
        {
            authorities = [];
            try
            {
                authorities.ImportFromPemFile(file);
            }
            catch (Exception e) when (e is IOException or System.Security.Cryptography.CryptographicException)
            {
                throw new AgentSetupException($"ANYCAST_CA_FILE can't be read as PEM: {file}", e);
            }
        }

        // UseProxy honours HTTPS_PROXY and NO_PROXY.
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !options.Server.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = Trust.Options(authorities),
        };
    }
}
