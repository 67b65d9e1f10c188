using Anycast.Web.Shell;
using Microsoft.AspNetCore.WebUtilities;

namespace Anycast.Web.Accounts.SignIn;

/// <summary>
/// The way of somebody who was invited and has no account yet: registration, mail, confirmation and sign-in lead back to the invitation. Of the
/// addresses to return to it alone is carried through a mail: anybody can have one sent to anybody, with a return of their choice.
/// </summary>
internal static class InvitationReturn
{
    private const int LongestToken = 100;

    /// <summary>The secret of the invitation that an address to return to leads to, or null.</summary>
    public static string? TokenOf(string? returnUrl)
    {
        if (!AppUrls.IsLocal(returnUrl) || returnUrl!.Split('?', 2) is not [AppUrls.Invitations, var query])
        {
            return null;
        }

        return QueryHelpers.ParseQuery(query).TryGetValue("token", out var token) && token is [{ Length: > 0 and <= LongestToken } secret] ? secret : null;
    }

    /// <summary>The address of the invitation, made anew from its secret; null for any other address.</summary>
    public static string? Of(string? returnUrl) => TokenOf(returnUrl) is { } token ? $"{AppUrls.Invitations}?token={Uri.EscapeDataString(token)}" : null;

    /// <summary>Makes the mail's link lead on to the invitation.</summary>
    public static Func<string, Uri> Towards(this Func<string, Uri> links, string? returnUrl) => Of(returnUrl) is { } invitation
        ? path => links(QueryHelpers.AddQueryString(path, "return", invitation))
        : links;
}
