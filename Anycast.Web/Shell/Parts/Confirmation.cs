using MudBlazor;

namespace Anycast.Web.Shell.Parts;

/// <summary>What a person is asked before something that cannot simply be taken back.</summary>
/// <param name="Title">A question.</param>
/// <param name="Text">What will happen, in a sentence.</param>
/// <param name="Action">The word on the button: what it does, never "OK".</param>
public sealed record Confirmation(string Title, string Text, string Action)
{
    /// <summary>Whether it takes something away.</summary>
    public bool Danger { get; init; }

    /// <summary>A name to type first, for the worst.</summary>
    public string? TypedName { get; init; }

    /// <summary>The consequences, one a line.</summary>
    public IReadOnlyList<string> Consequences { get; init; } = [];
}

/// <summary>The one way to ask for confirmation.</summary>
public static class ConfirmExtensions
{
    /// <summary>Asks; true only when the person confirmed.</summary>
    public static async Task<bool> ConfirmAsync(this IDialogService dialogs, Confirmation what)
    {
        var dialog = await dialogs.ShowAsync<ConfirmDialog>(what.Title, new DialogParameters<ConfirmDialog> { { x => x.What, what } });
        return await dialog.GetReturnValueAsync<bool?>() == true;
    }
}
