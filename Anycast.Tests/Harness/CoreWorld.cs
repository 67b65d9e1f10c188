namespace Anycast.Tests.Harness;

/// <summary>A class fixture: one <see cref="CoreHost"/> per database for the tests of a class, made on first use.</summary>
public sealed class CoreWorld : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<TestProvider, CoreHost> _hosts = [];

    public async Task<CoreHost> OnAsync(TestProvider provider)
    {
        await _one.WaitAsync();
        try
        {
            return _hosts.TryGetValue(provider, out var host) ? host : _hosts[provider] = await CoreHost.StartAsync(provider);
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.Values)
        {
            await host.DisposeAsync();
        }

        _one.Dispose();
    }
}
