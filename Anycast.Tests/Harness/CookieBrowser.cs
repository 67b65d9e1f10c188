using System.Net;
using System.Text.RegularExpressions;

namespace Anycast.Tests.Harness;

/// <summary>What a <see cref="CookieBrowser"/> was answered; a location of the same site is its path and query.</summary>
internal sealed record PageAnswer(HttpStatusCode Status, string Html, string? Location, TimeSpan? RetryAfter);

/// <summary>
/// A browser without a screen whose cookies a test can copy, as a thief would. It follows no redirect, and keeps secure cookies of
/// http://localhost, as browsers do and .NET's own jar does not.
/// </summary>
internal sealed partial class CookieBrowser(HttpClient client, Uri address)
{
    public const string Session = "__Host-anycast.session";

    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);

    /// <summary>All cookies, as a request carries them.</summary>
    public string Header => string.Join("; ", _cookies.Select(c => $"{c.Key}={c.Value}"));

    /// <summary>The session's cookie, as a request carries it; null without one.</summary>
    public string? SessionCookie => _cookies.TryGetValue(Session, out var value) ? $"{Session}={value}" : null;

    /// <summary>Takes a cookie over that was made elsewhere.</summary>
    public void Take(string cookie) => _cookies[cookie[..cookie.IndexOf('=', StringComparison.Ordinal)]] = cookie[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..];

    public async Task<PageAnswer> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        return await SendAsync(request);
    }

    /// <summary>Sends a form with the token of a page that was loaded before.</summary>
    public async Task<PageAnswer> PostAsync(string path, string tokenFrom, params (string Name, string Value)[] fields)
    {
        var all = fields.Append(("__RequestVerificationToken", WebUtility.HtmlDecode(TokenPattern().Match(tokenFrom).Groups[1].Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = new FormUrlEncodedContent(all.Select(f => KeyValuePair.Create(f.Item1, f.Item2))) };
        return await SendAsync(request);
    }

    /// <summary>Opens a page and sends its form.</summary>
    public async Task<PageAnswer> SubmitAsync(string path, string form, params (string Name, string Value)[] fields) =>
        await PostAsync(path, (await GetAsync(path)).Html, [("_handler", form), .. fields]);

    private async Task<PageAnswer> SendAsync(HttpRequestMessage request)
    {
        if (_cookies.Count > 0)
        {
            request.Headers.Add("Cookie", Header);
        }

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        foreach (var set in answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [])
        {
            Take(set.Split(';')[0]);
            if (set.Contains("expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase))
            {
                _cookies.Remove(set[..set.IndexOf('=', StringComparison.Ordinal)]);
            }
        }

        return new PageAnswer(answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), Shown(answer.Headers.Location), answer.Headers.RetryAfter?.Delta);
    }

    private string? Shown(Uri? location) => location is { IsAbsoluteUri: true } && location.Authority == address.Authority ? location.PathAndQuery : location?.OriginalString;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
