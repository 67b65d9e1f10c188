using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Components;

namespace Anycast.Web.Accounts;

/// <summary>Absolute links for mails that an open page causes; by the configured public address, else by the one the page was opened at.</summary>
public sealed class PageLinks(IConfiguration configuration, NavigationManager navigation)
{
    public Uri Of(string path) => new(PublicAddress.PublicUrl(configuration) ?? new Uri(navigation.BaseUri), path);
}
