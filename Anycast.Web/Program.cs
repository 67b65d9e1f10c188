using Anycast.Core.Accounts;
using Anycast.Core.Activity;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Anycast.Core.Teams;
using Anycast.Web.Hosting;
using Anycast.Web.Shell;

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
services.AddTeams();

services.AddKeyRing();
services.AddPublicAddress(settings);
services.AddSessions();
services.AddJobs();
services.AddHealth();
services.AddShell();

var app = builder.Build();
await app.PrepareAsync();

app.UsePublicAddress();
app.UseShell();
app.UseAuthentication();
app.UseAuthorization();
app.UseAntiforgery();

app.MapHealth();
app.MapJobs();
app.MapShell();

await app.RunAsync();
