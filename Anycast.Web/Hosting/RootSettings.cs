using Microsoft.Extensions.Configuration.Json;

namespace Anycast.Web.Hosting;

/// <summary>
/// <c>appsettings.json</c> stands at the repository's root and is copied beside the binary. The host looks for it in the content root, which under
/// <c>dotnet run</c> or from another directory is elsewhere; so it is added from the binary's directory, as the first source: everything overrides it.
/// </summary>
public static class RootSettings
{
    /// <summary>Where the service listens when nothing says otherwise: this machine alone.</summary>
    public const string DefaultAddress = "http://localhost:5080";

    private static readonly string[] s_addresses = ["urls", "http_ports", "https_ports", "Kestrel:Endpoints"];

    public static WebApplicationBuilder AddRootSettings(this WebApplicationBuilder builder)
    {
        var source = new JsonConfigurationSource { Path = Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Optional = false, ReloadOnChange = false };
        source.ResolveFileProvider();
        builder.Configuration.Sources.Insert(0, source);

        // A default address must not stand in the file: read again from the content root, it would win over ASPNETCORE_URLS.
        if (!s_addresses.Any(key => builder.Configuration.GetSection(key) is var section && (section.Value is { Length: > 0 } || section.GetChildren().Any())))
        {
            builder.WebHost.UseUrls(DefaultAddress);
        }

        return builder;
    }

    /// <summary>
    /// Where relative paths of the settings (the data directory) start: the content root, but the repository's root when run from a checkout,
    /// so that <c>data/</c> is found where the README says.
    /// </summary>
    public static string Root(this IWebHostEnvironment environment)
    {
        var parent = Directory.GetParent(environment.ContentRootPath)?.FullName;
        return parent is not null && File.Exists(Path.Combine(parent, "Anycast.Blazor.sln")) ? parent : environment.ContentRootPath;
    }
}
