using System.Globalization;
using Anycast.Web.Shell.Parts;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Localization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Shell;

/// <summary>A bUnit context with what the shared parts need: the real texts, and a clock that stands still until it is moved.</summary>
public sealed class PartContext : BunitContext
{
    private readonly CultureInfo _before = CultureInfo.CurrentUICulture;

    public PartContext(string language = "en")
    {
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(language);
        Services.AddLocalization();
        Services.AddSingleton<TimeProvider>(Clock);
        Services.AddScoped<Ticker>();
        Services.AddSingleton<FailureTexts>();
        JSInterop.Mode = JSRuntimeMode.Loose;
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 4, 12, 0, 0, TimeSpan.Zero));

    /// <summary>The texts of one resource file, in the language of the moment.</summary>
    public static IStringLocalizer<T> Texts<T>() =>
        new StringLocalizer<T>(new ResourceManagerStringLocalizerFactory(Options.Create(new LocalizationOptions()), NullLoggerFactory.Instance));

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = _before;
    }
}
