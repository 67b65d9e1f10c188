using System.Reflection;
using Microsoft.JSInterop;

namespace Anycast.Tests.Guards;

/// <summary>
/// What a script, and so whoever forges a script's calls, may call in a circuit (T13). Each is argued here: it opens something on the caller's own
/// page, or it calls Core as the circuit's own person, where it is authorized like a click.
/// </summary>
public sealed class ScriptCallTests
{
    private static readonly string[] s_reviewed =
    [
        "ChatViewBase.DraftAsync", // saves the person's own draft, through Core
        "ChatViewBase.SendAsync", // asks in the person's own conversation, through Core
        "CommandPalette.OpenAsync", // opens the palette on the person's own page
        "StepUpDialog.Answered", // closes the dialog; what counts is the session's row, which Core reads again
    ];

    [Fact]
    public void Methods_ThatScriptsMayCall_AreTheReviewedOnes()
    {
        var found = new[] { typeof(Anycast.Web.Shell.App).Assembly, typeof(Anycast.Core.Common.Actor).Assembly }
            .SelectMany(a => a.GetTypes())
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(m => m.IsDefined(typeof(JSInvokableAttribute)))
            .ToList();
        Assert.Equal(s_reviewed, found.Select(m => $"{m.DeclaringType!.Name}.{m.Name}").Order(StringComparer.Ordinal));
        Assert.DoesNotContain(found, m => m.IsStatic); // A static one needs no reference that a page gave.
    }
}
