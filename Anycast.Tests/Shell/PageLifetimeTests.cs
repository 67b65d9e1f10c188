using Anycast.Web.Shell.Parts;

namespace Anycast.Tests.Shell;

/// <summary>An act that goes on after its page ended is cancelled, and breaks nothing.</summary>
public sealed class PageLifetimeTests
{
    [Fact]
    public async Task Token_AfterTheEnd_CanBeReadAndIsCancelled()
    {
        var page = new PageLifetime();
        Assert.False(page.IsCancellationRequested);
        var before = page.Token;
        page.Dispose();
        page.Dispose();
        page.Cancel();
        await page.CancelAsync();
        Assert.True(page.IsCancellationRequested && before.IsCancellationRequested && page.Token.IsCancellationRequested);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(page.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromMinutes(1), linked.Token));
    }
}
