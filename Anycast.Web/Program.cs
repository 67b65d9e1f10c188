using Anycast.Core.Accounts;
using Anycast.Core.Activity;
using Anycast.Core.Agents;
using Anycast.Core.ApiTokens;
using Anycast.Core.Assistant;
using Anycast.Core.Clusters;
using Anycast.Core.Data;
using Anycast.Core.Diagnostics;
using Anycast.Core.Mail;
using Anycast.Core.Notifications;
using Anycast.Core.Operators;
using Anycast.Core.Privacy;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Core.Usage;
using Anycast.Web.Accounts.Avatars;
using Anycast.Web.Accounts.Passkeys;
using Anycast.Web.Accounts.StepUp;
using Anycast.Web.Accounts.Terms;
using Anycast.Web.Activity;
using Anycast.Web.Agents;
using Anycast.Web.Api;
using Anycast.Web.Assistant;
using Anycast.Web.Clusters;
using Anycast.Web.Demo;
using Anycast.Web.Hosting;
using Anycast.Web.Hosting.Circuits;
using Anycast.Web.Proposals;
using Anycast.Web.Shell;

try
{
    var builder = WebApplication.CreateBuilder(args);
    builder.AddRootSettings();

    // Also outside Development: `dotnet run` serves the packages' assets from the build's manifest.
    builder.WebHost.UseStaticWebAssets();
    var services = builder.Services;
    var settings = builder.Configuration;

    services.AddSingleton(TimeProvider.System);
    services.AddData(settings, builder.Environment.Root());
    services.AddActivity();
    services.AddMail(settings);
    services.AddAccounts(settings);
    services.AddNotifications();
    services.AddTeams();
    services.AddClusters();
    services.AddAgents(settings);
    services.AddProposals();
    services.AddUsage();
    services.AddDiagnostics();
    services.AddAssistant(settings);
    services.AddApiTokens();
    services.AddPrivacy();
    services.AddOperators();

    services.AddKeyRing();
    services.AddPublicAddress(settings);
    services.AddSessions();
    services.AddCircuitLimits(settings);
    services.AddJobs();
    services.AddHealth();
    services.AddShell();
    services.AddClusterPages();
    services.AddDepartureSweeper();
    services.AddChatPages();
    services.AddAgentEndpoint();
    services.AddProposalSweeper();
    services.AddDemo(settings);
    services.AddStepUp();
    services.AddPasskeys(settings);
    services.AddApi();

    var app = builder.Build();
    await app.PrepareAsync();

    app.UseSecurityHeaders(); // Before anything that may answer.
    app.UsePublicAddress();
    app.UseRequestLog();
    app.UseOriginCheck();
    app.UseShell();
    app.UseAuthentication();
    app.UsePreferences();
    app.UseTermsGate();
    app.UseAuthorization();
    app.UseAntiforgery();
    app.UseStaleForms();

    app.MapHealth();
    app.MapSessions();
    app.MapCircuits();
    app.MapJobs();
    app.MapClusters();
    app.MapAgents();
    app.MapStepUp();
    app.MapPasskeys();
    app.MapAvatars();
    app.MapApi();
    app.MapActivity();
    app.MapShell();

    await app.RunAsync();
    return 0;
}
catch (Exception e) when (StartFailure.Explain(e) is not null)
{
    return StartFailure.Say(e);
}
