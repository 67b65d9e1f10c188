using Microsoft.AspNetCore.Authentication.Cookies;

namespace Anycast.Web.Hosting;

/// <summary>
/// Writes the session's cookie and never reads it. The framework gives a cookie that was read its old key again, also after a sign-out in the same
/// request; a handler that has read none asks the store for a new one.
/// </summary>
internal sealed class WriteOnlyCookies : ICookieManager
{
    private readonly ChunkingCookieManager _inner = new();

    public string? GetRequestCookie(HttpContext context, string key) => null;

    public void AppendResponseCookie(HttpContext context, string key, string? value, CookieOptions options) => _inner.AppendResponseCookie(context, key, value, options);

    public void DeleteCookie(HttpContext context, string key, CookieOptions options) => _inner.DeleteCookie(context, key, options);
}
