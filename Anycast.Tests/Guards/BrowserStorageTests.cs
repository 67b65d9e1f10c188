using System.Text.RegularExpressions;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Guards;

/// <summary>The browser keeps nothing for us but the stated cookies (C01): no script of ours so much as names its stores.</summary>
public sealed partial class BrowserStorageTests
{
    [Fact]
    public void Scripts_OfTheProduct_KeepNothingInTheBrowser()
    {
        var users = RepositoryRoot.Sources("Anycast.Web", ".js", ".razor", ".cs")
            .Where(f => StorePattern().IsMatch(File.ReadAllText(f))).Select(RepositoryRoot.Shown);
        Assert.True(!users.Any(), string.Join('\n', users));
    }

    [GeneratedRegex(@"\b(sessionStorage|localStorage|indexedDB|cookieStore|ProtectedLocalStorage|ProtectedSessionStorage|serviceWorker)\b|caches\.open")]
    private static partial Regex StorePattern();
}
