using System.Net;
using System.Text;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Anycast.Tests.Hosting;

/// <summary>Whoever is not signed in is told so, not that their form was faulty.</summary>
public sealed class RefusalStatusTests
{
    private static readonly Dictionary<string, string?> s_settings = new()
    {
        ["Anycast:Setup:OperatorEmail"] = "ada@example.org",
        ["Anycast:Setup:OperatorPassword"] = CoreHost.Password,
    };

    [Fact]
    public async Task Posts_WithoutASession_AnswerThatNobodyIsSignedIn()
    {
        using var app = new InProcessApp(s_settings);
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false });

        // What scripts of a page send.
        foreach (var path in new[] { AppUrls.PreferencesPath, AppUrls.Passkeys, AppUrls.PasskeyOptions, AppUrls.PasskeyProof, AppUrls.PasskeyProofOptions })
        {
            using var answer = await client.PostAsync(path, new StringContent("{}", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{path}: {answer.StatusCode}");
        }

        // Forms of pages and of scripts: the sign-in, or the bare status; never that the form's token is missing.
        foreach (var (path, handler) in new[] { (AppUrls.StepUpProof, ""), (AppUrls.KeepAlive, ""), (AppUrls.StepUpPath, "step-up"), (AppUrls.NewTeam, "new-team"), (AppUrls.AcceptTerms, "terms") })
        {
            using var answer = await client.PostAsync(path, new FormUrlEncodedContent(new Dictionary<string, string> { ["_handler"] = handler, ["secret"] = "x" }), TestContext.Current.CancellationToken);
            var toSignIn = answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.ToString().Contains(AppUrls.LoginPath, StringComparison.Ordinal);
            Assert.True(toSignIn || answer.StatusCode == HttpStatusCode.Unauthorized, $"{path}: {answer.StatusCode}");
        }

        using var unknown = await client.PostAsync("/no/such/page", new StringContent("{}", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Contains(unknown.StatusCode, new[] { HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed });
        using var api = await client.PostAsync("/api/v1/me", new StringContent("{}", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Contains(api.StatusCode, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.MethodNotAllowed });
    }

    [Fact]
    public async Task Forms_WithASessionButWithoutTheirToken_AreRefused()
    {
        using var app = new InProcessApp(s_settings);
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false });
        foreach (var (path, handler) in new[] { (AppUrls.LoginPath, "login"), (AppUrls.Register, "register"), (AppUrls.Forgot, "forgot"), (AppUrls.Logout, "logout") })
        {
            using var answer = await client.PostAsync(path, new FormUrlEncodedContent(new Dictionary<string, string> { ["_handler"] = handler }), TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{path}: {answer.StatusCode}");
        }
    }
}
