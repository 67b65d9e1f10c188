using System.Security.Claims;
using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Hosting;

/// <summary>Keeps sessions on the server (D21): the cookie carries a random key, the ticket lies sealed in the session's row.</summary>
internal sealed class DatabaseTicketStore(SessionService sessions, IHttpContextAccessor http, IOptions<SessionLimits> limits, TimeProvider clock) : ITicketStore
{
    /// <summary>Item of a request that gives its session a new key: the row stays.</summary>
    public const string RekeyItem = "anycast.rekey";

    private bool IsRekey => http.HttpContext?.Items.ContainsKey(RekeyItem) == true;

    public Task<string> StoreAsync(AuthenticationTicket ticket) => StoreAsync(ticket, CancellationToken.None);

    public async Task<string> StoreAsync(AuthenticationTicket ticket, CancellationToken cancellationToken)
    {
        var principal = ticket.Principal;
        var sessionId = principal.SessionId() ?? throw new InvalidOperationException("A ticket without a session id cannot be stored.");
        var userId = principal.UserId() ?? throw new InvalidOperationException("A ticket without a user cannot be stored.");
        if (IsRekey)
        {
            return await sessions.RekeyAsync(sessionId, TicketSerializer.Default.Serialize(ticket), cancellationToken)
                ?? throw new InvalidOperationException("The session ended while it was being given a new key.");
        }

        var context = http.HttpContext;
        return await sessions.OpenAsync(sessionId, userId, TicketSerializer.Default.Serialize(ticket), context?.ClientIp(), context?.ClientDevice() ?? "", cancellationToken);
    }

    public Task RenewAsync(string key, AuthenticationTicket ticket) => ticket.Principal.SessionId() is { } sessionId && ticket.Principal.UserId() is { } userId
        ? sessions.RenewAsync(key, sessionId, userId, TicketSerializer.Default.Serialize(ticket), CancellationToken.None)
        : Task.CompletedTask;

    public async Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        var context = http.HttpContext;
        var found = await sessions.FindAsync(key, context?.RequestAborted ?? CancellationToken.None, countsAsActivity: context?.Request.Path != AppUrls.KeepAlive);
        if (found is null || TicketSerializer.Default.Deserialize(found.Ticket) is not { } ticket)
        {
            return null;
        }

        // The row has decided. The ticket's own date is as old as its last renewal, and what is done in a circuit renews none.
        ticket.Properties.ExpiresUtc = clock.GetUtcNow() + limits.Value.Idle;
        return ticket;
    }

    public Task RemoveAsync(string key) => IsRekey ? Task.CompletedTask : sessions.CloseAsync(key, CancellationToken.None);
}
