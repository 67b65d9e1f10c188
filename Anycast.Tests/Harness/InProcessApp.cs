using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Anycast.Tests.Harness;

/// <summary>The web host inside the test's process, for what must be seen from inside: its endpoints, its services.</summary>
public sealed class InProcessApp(IReadOnlyDictionary<string, string?>? settings = null) : WebApplicationFactory<Anycast.Web.Shell.App>
{
    private readonly TempDirectory _directory = new();

    protected override IHost CreateHost(IHostBuilder builder)
    {
        // Settings of the host arrive as arguments, so the program sees them while it registers services.
        builder.ConfigureHostConfiguration(c => c.AddInMemoryCollection(new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
        {
            ["Anycast:Data:Directory"] = _directory.Path,
            ["Anycast:Accounts:BcryptCost"] = "4",
            ["Anycast:Demo:Enabled"] = "false",
        }));
        return base.CreateHost(builder);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _directory.Dispose();
        }
    }
}
