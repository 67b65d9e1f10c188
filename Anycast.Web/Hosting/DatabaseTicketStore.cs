using System.Security.Claims;
using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Anycast.Web.Hosting;

/// <summary>Keeps sessions on the server (D21): the cookie carries a random key, the ticket lies sealed in the session's row.</summary>
internal sealed class DatabaseTicketStore(SessionService sessions, IHttpContextAccessor http) : ITicketStore
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

    public Task RenewAsync(string key, AuthenticationTicket ticket) =>
        sessions.RenewAsync(key, TicketSerializer.Default.Serialize(ticket), CancellationToken.None);

    public async Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        var found = await sessions.FindAsync(key, http.HttpContext?.RequestAborted ?? CancellationToken.None);
        return found is null ? null : TicketSerializer.Default.Deserialize(found.Ticket);
    }

    public Task RemoveAsync(string key) => IsRekey ? Task.CompletedTask : sessions.CloseAsync(key, CancellationToken.None);
}
