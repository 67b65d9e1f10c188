using Anycast.Tests.Harness;

namespace Anycast.Tests.Journeys;

/// <summary>Journeys share one browser and run one after the other, alone: two cores are few for a browser, a service and a database.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class JourneyCollection : ICollectionFixture<BrowserFixture>, ICollectionFixture<DemoProduct>
{
    public const string Name = "Journeys";
}

/// <summary>The product with its demo, set up with an operator from the environment; started by the first journey that asks for it.</summary>
public sealed class DemoProduct : IAsyncDisposable
{
    public const string OperatorEmail = "operator@example.org";
    private readonly SemaphoreSlim _one = new(1);
    private AppProcess? _app;

    public async Task<AppProcess> StartAsync()
    {
        await _one.WaitAsync();
        try
        {
            return _app ??= await AppProcess.StartAsync(Settings);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Settings of a product with demo and operator, for journeys that need one of their own.</summary>
    public static Dictionary<string, string?> Settings => new()
    {
        ["Anycast:Demo:Enabled"] = "true",
        ["Anycast:Setup:OperatorEmail"] = OperatorEmail,
        ["Anycast:Setup:OperatorPassword"] = CoreHost.Password,
        ["Anycast:Setup:OperatorName"] = "Olga Operator",
    };

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _one.Dispose();
    }
}
