using Anycast.Core.Common;
using Anycast.Web.Shell.Palette;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Tests.Shell;

public sealed class PaletteTests
{
    [Theory]
    [InlineData("act", "Activity", true)]
    [InlineData("ACT", "Activity", true)]
    [InlineData("set", "Team settings", true)]
    [InlineData("cc", "Connect a cluster", true)]
    [InlineData("zz", "Activity", false)]
    public void Score_OfATitle_FindsStartWordAndLettersInOrder(string text, string title, bool fits) => Assert.Equal(fits, PaletteMatch.Score(text, title) > 0);

    [Fact]
    public void Score_OfAStart_BeatsAWordAndAWordBeatsTheInside()
    {
        Assert.True(PaletteMatch.Score("pod", "pods") > PaletteMatch.Score("pod", "all pods"));
        Assert.True(PaletteMatch.Score("pod", "all pods") > PaletteMatch.Score("pod", "tripod"));
    }

    [Fact]
    public async Task Search_WithOneSlowAndOneBrokenSource_AnswersAndNamesThem()
    {
        var search = new PaletteSearch([new Source("A", e: [new("x", null, "box", "/x"), new("leaves", null, "box", "https://evil.example")]), new Source("Slow", hangs: true), new Source("Broken", throws: true)], NullLogger<PaletteSearch>.Instance);
        var result = await search.SearchAsync(Actor.Anonymous, "x", Xunit.TestContext.Current.CancellationToken);
        Assert.Equal("/x", Assert.Single(Assert.Single(result.Groups).Entries).Href);
        Assert.Equal(["Slow", "Broken"], result.Missing);
    }

    [Fact]
    public async Task Palette_ByKeys_MovesAndOpens()
    {
        await using var context = new PartContext();
        context.Services.AddSingleton<AuthenticationStateProvider, NobodySignedIn>();
        context.Services.AddScoped<Anycast.Web.Shell.CurrentActor>();
        context.Services.AddScoped<PaletteSearch>();
        context.Services.AddSingleton<IPaletteSource>(new Source("Pages", [new("One", "first", "box", "/one"), new("Two", null, "box", "/two")]));
        var palette = context.Render<CommandPalette>();
        Assert.Empty(palette.FindAll("[role=dialog]"));
        await palette.InvokeAsync(() => palette.Instance.OpenAsync());
        palette.WaitForElements("[role=option]", 2);
        Assert.Equal("palette-0", palette.Find("input").GetAttribute("aria-activedescendant"));
        palette.Find("input").KeyDown("ArrowDown");
        Assert.Equal("true", palette.FindAll("[role=option]")[1].GetAttribute("aria-selected"));
        palette.Find("input").KeyDown("Enter");
        Assert.EndsWith("/two", context.Services.GetRequiredService<NavigationManager>().Uri);
        Assert.Empty(palette.FindAll("[role=dialog]"));
    }

    private sealed class Source(string group, IReadOnlyList<PaletteEntry>? e = null, bool hangs = false, bool throws = false) : IPaletteSource
    {
        public string Group => group;

        public async Task<IReadOnlyList<PaletteEntry>> SearchAsync(Actor actor, string text, CancellationToken ct)
        {
            if (hangs)
            {
                await Task.Delay(Timeout.Infinite, ct);
            }

            return throws ? throw new InvalidOperationException("broken") : e ?? [];
        }
    }

    private sealed class NobodySignedIn : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new System.Security.Claims.ClaimsPrincipal()));
    }
}
