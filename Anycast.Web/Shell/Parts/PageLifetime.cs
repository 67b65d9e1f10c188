namespace Anycast.Web.Shell.Parts;

/// <summary>
/// As long as a page or a part of one is there; its token goes with every call that it makes. Other than a bare source's, the token can still be read
/// afterwards, when an act goes on that had waited for a dialog: it is cancelled then, and the act ends without an error.
/// </summary>
public sealed class PageLifetime : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public PageLifetime() => Token = _source.Token;

    public CancellationToken Token { get; }

    public bool IsCancellationRequested => Token.IsCancellationRequested;

    public void Cancel()
    {
        if (!IsCancellationRequested)
        {
            _source.Cancel();
        }
    }

    public Task CancelAsync() => IsCancellationRequested ? Task.CompletedTask : _source.CancelAsync();

    public void Dispose()
    {
        Cancel();
        _source.Dispose();
    }
}
