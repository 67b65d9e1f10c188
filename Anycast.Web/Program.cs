using Anycast.Web.Shell;

var builder = WebApplication.CreateBuilder(args);
// Also outside Development: `dotnet run` serves the packages' assets from the build's manifest.
builder.WebHost.UseStaticWebAssets();
builder.Services.AddShell();
builder.Services.AddAuthentication();
builder.Services.AddAuthorization();

var app = builder.Build();
app.UseShell();
app.UseAntiforgery();
app.MapShell();
app.Run();
