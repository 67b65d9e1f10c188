using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Anycast.Tests.Harness;

/// <summary>A browser without a screen: it keeps cookies, follows redirects, and sends the forms of static pages with their token.</summary>
internal sealed partial class FormClient(InProcessApp app) : IDisposable
{
    private readonly HttpClient _client = app.CreateClient(new WebApplicationFactoryClientOptions { BaseAddress = new Uri("https://localhost") });

    /// <summary>Where the last answer came from, after all redirects: path and query.</summary>
    public string At { get; private set; } = "";

    public async Task<string> GetAsync(string path)
    {
        using var response = await _client.GetAsync(path, TestContext.Current.CancellationToken);
        return await ReadAsync(response);
    }

    /// <summary>Opens a page and sends its form.</summary>
    public async Task<string> SendAsync(string path, string form, params (string Name, string Value)[] fields)
    {
        var page = await GetAsync(path);
        var all = fields.Append(("_handler", form)).Append(("__RequestVerificationToken", WebUtility.HtmlDecode(TokenPattern().Match(page).Groups[1].Value)));
        using var content = new FormUrlEncodedContent(all.Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
        using var response = await _client.PostAsync(path, content, TestContext.Current.CancellationToken);
        return await ReadAsync(response);
    }

    /// <summary>Where a page's link with these words leads.</summary>
    public static string LinkIn(string html, string words) =>
        WebUtility.HtmlDecode(Regex.Match(html, $"<a[^>]* href=\"([^\"]+)\"[^>]*>{Regex.Escape(words)}</a>") is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException($"No link '{words}' in: {html}"));

    public void Dispose() => _client.Dispose();

    private async Task<string> ReadAsync(HttpResponseMessage response)
    {
        At = response.RequestMessage!.RequestUri!.PathAndQuery;
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
