using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Anycast.Tests.Harness;

/// <summary>A person with a browser: a page, and everything that must not happen while they use it.</summary>
public sealed class Visitor : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _troubles = new();
    private readonly Uri _address;

    private Visitor(IBrowserContext context, IPage page, Uri address, View view)
    {
        Context = context;
        Page = page;
        View = view;
        _address = address;
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    public View View { get; }

    /// <summary>What must not happen: violations of the content security policy, script errors, requests to anybody else.</summary>
    public IReadOnlyCollection<string> Troubles => _troubles;

    internal static async Task<Visitor> StartAsync(IBrowserContext context, Uri address, View view)
    {
        await context.AddInitScriptAsync(
            "window.addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber));");
        var visitor = new Visitor(context, await context.NewPageAsync(), address, view);
        context.Request += (_, request) => visitor.Check(request);
        visitor.Watch(visitor.Page);
        context.Page += (_, page) => visitor.Watch(page);
        return visitor;
    }

    /// <summary>A second tab of the same person.</summary>
    public Task<IPage> NewTabAsync() => Context.NewPageAsync();

    /// <summary>Opens a page and waits until it is there.</summary>
    public async Task<IResponse?> GoAsync(string path) => await Page.GotoAsync(path, new PageGotoOptions { WaitUntil = WaitUntilState.Load });

    /// <summary>Keeps a picture under artifacts/screenshots.</summary>
    public Task ShotAsync(string name) => Page.ScreenshotAsync(new PageScreenshotOptions { Path = RepositoryRoot.Artifacts("screenshots", $"{name}-{View}.png") });

    /// <summary>Fails when anything happened that must not.</summary>
    public void AssertNoTrouble() => Assert.True(_troubles.IsEmpty, string.Join('\n', _troubles.Distinct()));

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();

    private void Watch(IPage page)
    {
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !IsExpected(message.Text))
            {
                _troubles.Enqueue($"{page.Url}: {message.Text}");
            }
        };
        page.PageError += (_, error) => _troubles.Enqueue($"{page.Url}: {error}");
    }

    private void Check(IRequest request)
    {
        var uri = new Uri(request.Url);
        if (uri.Scheme is "http" or "https" or "ws" or "wss" && (uri.Host != _address.Host || uri.Port != _address.Port))
        {
            _troubles.Enqueue($"A request to another host: {request.Url}");
        }
    }

    // Chromium reports each answer of 4xx as an error of the console; pages that answer 404 are meant to. A lost connection is what kill tests cause.
    private static bool IsExpected(string text) =>
        Regex.IsMatch(text, "Failed to load resource: the server responded with a status of 4\\d\\d|ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|WebSocket (closed|connection to)|Connection disconnected|Failed to (fetch|complete negotiation|start the connection)");
}
