using System.Globalization;
using Anycast.Core.Common;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Shell.Parts;

/// <summary>Names the resource files that hold a sentence for every failure code of Core, in both languages.</summary>
public sealed class FailureText;

/// <summary>Turns a <see cref="Failure"/> into what a person reads: what happened and what to do.</summary>
public sealed class FailureTexts(IStringLocalizer<FailureText> text)
{
    /// <summary>The sentence of a failure; a code without one falls back to its kind's.</summary>
    public string Of(Failure failure)
    {
        var words = text[failure.Code, failure.Args];
        var sentence = words.ResourceNotFound ? text[$"kind.{failure.Kind}"].Value : words.Value;
        return failure.RetryAfter is { } wait && wait > TimeSpan.Zero ? $"{sentence} {Wait(wait)}" : sentence;
    }

    private string Wait(TimeSpan wait) => wait <= TimeSpan.FromSeconds(1)
        ? text["retry.second"]
        : wait < TimeSpan.FromMinutes(2)
        ? text["retry.seconds", ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.CurrentCulture)]
        : text["retry.minutes", ((int)Math.Ceiling(wait.TotalMinutes)).ToString(CultureInfo.CurrentCulture)];
}
