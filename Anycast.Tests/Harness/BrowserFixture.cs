using Microsoft.Playwright;

namespace Anycast.Tests.Harness;

/// <summary>How a page is looked at.</summary>
public sealed record View(string Language = "en", ColorScheme Scheme = ColorScheme.Light, int Width = 1440, int Height = 900)
{
    /// <summary>A phone.</summary>
    public static View Phone => new(Width: 390, Height: 844);

    public override string ToString() => $"{Language}-{Scheme.ToString().ToLowerInvariant()}-{Width}";
}

/// <summary>One Chromium (Debian's) for the tests of a collection. No browser is downloaded.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        // The driver comes with a node of its own; where that one does not run, the system's does.
        if (Environment.GetEnvironmentVariable("PLAYWRIGHT_NODEJS_PATH") is null && !HasOwnNode() && File.Exists("/usr/bin/node"))
        {
            Environment.SetEnvironmentVariable("PLAYWRIGHT_NODEJS_PATH", "/usr/bin/node");
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("ANYCAST_TEST_CHROMIUM") ?? "/usr/bin/chromium",
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            ],
        });
    }

    /// <summary>A browser context of its own (no cookie, nothing stored) for one person at one address.</summary>
    public async Task<Visitor> VisitAsync(Uri address, View? view = null)
    {
        view ??= new View();
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(),
            Locale = view.Language == "de" ? "de-DE" : "en-US",
            ColorScheme = view.Scheme,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new ViewportSize { Width = view.Width, Height = view.Height },
        });
        context.SetDefaultTimeout(15_000);
        return await Visitor.StartAsync(context, address, view);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private static bool HasOwnNode() => Directory.Exists(Path.Combine(AppContext.BaseDirectory, ".playwright", "node"));
}
