using Anycast.Core.Common;
using Microsoft.Extensions.Localization;
using MudBlazor;

namespace Anycast.Web.Accounts.StepUp;

/// <summary>Runs a sensitive act from an open page; when Core asks for a fresh proof, asks the person, and runs it once more.</summary>
public sealed class StepUps(IDialogService dialogs, IStringLocalizer<AccountText> text)
{
    public const string Code = "accounts.step_up";

    public async Task<Outcome> RunAsync(Func<Task<Outcome>> act)
    {
        var outcome = await act();
        return outcome.Failure?.Code == Code && await AskAsync() ? await act() : outcome;
    }

    public async Task<Outcome<T>> RunAsync<T>(Func<Task<Outcome<T>>> act)
    {
        var outcome = await act();
        return outcome.Failure?.Code == Code && await AskAsync() ? await act() : outcome;
    }

    private async Task<bool> AskAsync()
    {
        var dialog = await dialogs.ShowAsync<StepUpDialog>(text["StepUp.Title"].Value);
        return await dialog.Result is { Canceled: false };
    }
}
