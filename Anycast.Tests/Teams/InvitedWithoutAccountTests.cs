using System.Text.RegularExpressions;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Mail;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Harness;
using Anycast.Web.Accounts.SignIn;
using Anycast.Web.Shell;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Anycast.Tests.Teams;

/// <summary>Somebody is invited who has no account yet (I5): they are told of what team, and stand before the invitation when they have one.</summary>
public sealed partial class InvitedWithoutAccountTests
{
    private const string Guest = "guest@example.org";

    [Fact]
    [PolicyClause("D20")]
    public async Task Link_WithoutAnAccount_NamesTheTeamAndLeadsBackToTheInvitation()
    {
        await using var app = new InProcessApp();
        var owner = await app.PersonAsync("ada@example.org", "Ada Owner");
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(owner, "Paper boats", default)).Value!;
        Assert.True((await app.Services.GetRequiredService<InvitationService>().InviteAsync(owner, team.Slug, Guest, TeamRole.Viewer, path => new Uri(new Uri("https://localhost"), path), default)).IsOk);
        var link = await MailedLinkAsync(app, "/me/invitations");

        using var browser = new FormClient(app);
        var signIn = await browser.GetAsync(link);
        Assert.StartsWith(AppUrls.LoginPath, browser.At, StringComparison.Ordinal);
        Assert.Contains("Paper boats", signIn, StringComparison.Ordinal);
        Assert.DoesNotContain("Ada Owner", signIn, StringComparison.Ordinal);

        var register = FormClient.LinkIn(signIn, "Create account");
        Assert.Contains("Paper boats", await browser.GetAsync(register), StringComparison.Ordinal);
        var sent = await browser.SendAsync(register, "register", ("Input.Name", "Grace"), ("Input.Email", Guest), ("Input.Password", CoreHost.Password),
            ("Input.Terms", app.Services.GetRequiredService<IOptions<TermsOptions>>().Value.Version), ("Input.Accepted", "true"));
        Assert.Contains(Guest, sent, StringComparison.Ordinal);

        // In another browser: mail is read where it is read.
        using var phone = new FormClient(app);
        var page = await phone.SendAsync(await MailedLinkAsync(app, "/account/confirm"), "confirm", ("Proof.Password", CoreHost.Password));
        Assert.Equal(link, phone.At);
        Assert.Contains("Paper boats", page, StringComparison.Ordinal);
        Assert.Contains("Accept", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preview_OfAnInvitationThatIsOver_SaysNothing()
    {
        await using var app = new InProcessApp();
        var owner = await app.PersonAsync("ada@example.org", "Ada");
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(owner, "Paper boats", default)).Value!;
        var invitations = app.Services.GetRequiredService<InvitationService>();
        Assert.True((await invitations.InviteAsync(owner, team.Slug, Guest, TeamRole.Viewer, path => new Uri(new Uri("https://localhost"), path), default)).IsOk);
        var token = InvitationReturn.TokenOf(await MailedLinkAsync(app, "/me/invitations"))!;
        var preview = app.Services.GetRequiredService<InvitationPreview>();
        Assert.Equal("Paper boats", await preview.TeamAsync(token, default));
        Assert.Null(await preview.TeamAsync(token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), default));
        var sent = (await invitations.SentAsync(owner, team.Slug, new(), default)).Value!.Items.Single();
        Assert.True((await invitations.RevokeAsync(owner, team.Slug, sent.Id, default)).IsOk);
        Assert.Null(await preview.TeamAsync(token, default));
    }

    [Theory]
    [InlineData("/me/invitations?token=abc", "/me/invitations?token=abc")]
    [InlineData("/me/invitations?token=a%26b", "/me/invitations?token=a%26b")]
    [InlineData("/me/invitations?token=abc&x=https%3A%2F%2Fevil.example", "/me/invitations?token=abc")]
    [InlineData("/me/invitations", null)]
    [InlineData("/me/invitations?token=a&token=b", null)]
    [InlineData("/t/shop/delete", null)]
    [InlineData("//evil.example/me/invitations?token=abc", null)]
    [InlineData("https://evil.example/me/invitations?token=abc", null)]
    [InlineData(null, null)]
    public void Return_ThroughAMail_IsAnInvitationAlone(string? asked, string? carried)
    {
        Assert.Equal(carried, InvitationReturn.Of(asked));
        var link = new Func<string, Uri>(path => new Uri(new Uri("https://anycast.test"), path)).Towards(asked)("/account/confirm?token=x");
        Assert.Equal(carried is null ? "?token=x" : "?token=x&return=" + Uri.EscapeDataString(carried), link.Query);
    }

    /// <summary>Path and query of the mailed link to a page; mail leaves by itself, into the pick-up folder.</summary>
    private static async Task<string> MailedLinkAsync(InProcessApp app, string page)
    {
        string? link = null;
        await Eventually.TrueAsync(async () =>
        {
            var mails = await app.Services.GetRequiredService<MailPickup>().ListAsync(TestContext.Current.CancellationToken);
            link = mails.Select(m => LinkPattern().Match(m.Text)).Where(m => m.Success && m.Groups[1].Value.StartsWith(page, StringComparison.Ordinal)).Select(m => m.Groups[1].Value).FirstOrDefault();
            return link is not null;
        }, "a mail with a link to " + page, TimeSpan.FromMinutes(2));
        return link!;
    }

    [GeneratedRegex(@"https?://localhost(?::\d+)?(/\S+)")]
    private static partial Regex LinkPattern();
}
