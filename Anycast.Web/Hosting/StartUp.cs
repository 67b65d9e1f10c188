using Anycast.Core.Accounts;
using Anycast.Core.Data;
using Anycast.Web.Demo;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Hosting;

/// <summary>What happens between building the host and serving: migrations, the operator from the environment, and afterwards the greeting.</summary>
public static class StartUp
{
    public static async Task PrepareAsync(this WebApplication app)
    {
        var stopping = app.Lifetime.ApplicationStopping;

        // Before anything is made: the host would do it later, and log what is the operator's to mend with a trace.
        app.Services.GetService<IStartupValidator>()?.Validate();
        await app.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(stopping);
        await app.PrepareKeysAsync(stopping);
        await app.Services.GetRequiredService<SetupService>().CreateFromConfigurationAsync(stopping);

        // Before anybody can sign in: whoever does finds the demo's team.
        await app.Services.GetRequiredService<DemoTeam>().EnsureAsync(stopping);
        app.Lifetime.ApplicationStarted.Register(() => Greet(app));
    }

    /// <summary>On the console, not in the log: the setup code is a secret of the first minutes and belongs in no log store.</summary>
    private static void Greet(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var address = addresses.FirstOrDefault() ?? "(no address)";
        Console.WriteLine();
        Console.WriteLine($"  Anycast is running at {address}");
        var setup = app.Services.GetRequiredService<SetupService>();
        if (setup.IsNeededAsync(CancellationToken.None).GetAwaiter().GetResult())
        {
            Console.WriteLine($"  Open it to create the operator account. From another machine, use the one-time setup code {setup.Code}");
        }

        Console.WriteLine();
    }
}
