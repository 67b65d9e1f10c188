using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Components;

namespace Anycast.Web.Accounts;

/// <summary>Absolute links for mails that an open page causes.</summary>
public sealed class PageLinks(LinkRoot root, NavigationManager navigation)
{
    public Uri Of(string path) => new(root.For(new Uri(navigation.BaseUri)), path);
}
