namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>What is answered without looking at the cluster: courtesies, help, and what the assistant never does or sees.</summary>
internal static class Talk
{
    /// <summary>Null when the cluster must be asked.</summary>
    public static string? About(Question question, Transcript transcript, Wording say) => question.Intent switch
    {
        Intent.Help => say["Help"],
        Intent.Thanks => say["Thanks"],
        Intent.Greeting => say["Greeting"],
        Intent.Yes => say.End(say[transcript.Before.Any(a => a is { Name: "propose_change", Error: null }) ? "ApproveYourself" : "NothingToApprove"]),
        Intent.Delete => say.End(say["NoDelete"]),
        Intent.Secret => say.End(say["NoSecrets"]),
        Intent.Log => say.End(say.Format("NoLogs", question.Name ?? "checkout")),
        Intent.Unknown when question.Candidates.Count == 0 => say["Unknown"],
        // A sentence of many words with nothing in it that we know: no word of it is looked up.
        Intent.Unknown => say.Format("Unclear", string.Join(", ", question.Candidates.Take(4).Select(Wording.Code))) + "\n\n" + say["WhatCanBeAsked"],
        _ => null,
    };
}
