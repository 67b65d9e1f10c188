using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Anycast.Tests.Harness;

/// <summary>The web host inside the test's process, for what must be seen from inside: its endpoints, its services.</summary>
public sealed class InProcessApp(IReadOnlyDictionary<string, string?>? settings = null, TimeProvider? clock = null) : WebApplicationFactory<Anycast.Web.Shell.App>
{
    private readonly TempDirectory _directory = new();

    protected override IHost CreateHost(IHostBuilder builder)
    {
        // Settings of the host arrive as arguments, so the program sees them while it registers services.
        builder.ConfigureHostConfiguration(c => c.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Anycast:Accounts:BcryptCost"] = "4",
            ["Anycast:Demo:Enabled"] = "false",

            // The run's log is for what went wrong; a test that reads what is logged has a provider of its own.
            ["Logging:Console:LogLevel:Default"] = "Warning",
        }.Concat(settings ?? new Dictionary<string, string?>()).Append(new("Anycast:Data:Directory", _directory.Path)).GroupBy(s => s.Key).Select(g => g.Last())));
        return base.CreateHost(builder);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        if (clock is not null)
        {
            builder.ConfigureTestServices(services => services.AddSingleton(clock));
        }
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
