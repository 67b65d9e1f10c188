using System.Diagnostics;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Journeys;

/// <summary>What the Dockerfile makes, without an engine: the published output, read-only, started from elsewhere as a user who owns nothing but the data.</summary>
[Collection(JourneyCollection.Name)]
public sealed class PublishedTests
{
    [Fact]
    public async Task PublishedOutput_AsAnOrdinaryUserFromAnotherDirectory_Serves()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Needs root, to become somebody else.");
        using var directory = new TempDirectory();
        var app = directory.File("app");
        await RunAsync("dotnet", ["publish", RepositoryRoot.At("Anycast.Web"), "-c", RepositoryRoot.Configuration, "--no-restore", "--no-build", "-o", app, "-v", "q", "--nologo"]);
        await RunAsync("chmod", ["-R", "a+rX,a-w", app]);
        await RunAsync("chmod", ["755", directory.Path]);
        var data = Directory.CreateDirectory(directory.File("data")).FullName;
        await RunAsync("chown", ["65534:65534", data]);

        var port = AppProcess.FreePort();
        var start = new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", Path.Combine(app, "Anycast.Web.dll")])
        {
            WorkingDirectory = "/",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["HOME"] = "/nonexistent";
        start.Environment["ASPNETCORE_URLS"] = $"http://+:{port}";
        start.Environment["Anycast__Data__Directory"] = data;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["Anycast__Demo__Enabled"] = "false";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}"), Timeout = TimeSpan.FromSeconds(20) };
            await Eventually.TrueAsync(
                async () =>
                {
                    Assert.False(process.HasExited, process.HasExited ? await output + await errors : "");
                    try
                    {
                        return (await client.GetAsync("/health/ready")).IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                "the published service is ready",
                TimeSpan.FromSeconds(90));
            var page = await client.GetStringAsync("/setup");
            Assert.Contains("css/base", page, StringComparison.Ordinal);
            foreach (var file in System.Text.RegularExpressions.Regex.Matches(page, "(?:href|src)=\"((?:css|js|fonts|_framework|_content)/[^\"]+|favicon.svg)\"").Select(m => m.Groups[1].Value))
            {
                Assert.True((await client.GetAsync("/" + file)).IsSuccessStatusCode, file);
            }

            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(data, "keys", "master.key")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            await RunAsync("chmod", ["-R", "u+w", app]);
        }
    }

    [Fact]
    public void Dockerfile_OfTheService_RunsAsNobodySpecialAndCopiesEveryProjectItBuilds()
    {
        var text = File.ReadAllText(RepositoryRoot.At("Dockerfile"));
        Assert.Matches("(?m)^USER 1654$", text);
        Assert.Contains("VOLUME /data", text, StringComparison.Ordinal);
        Assert.Contains("EXPOSE 8080", text, StringComparison.Ordinal);
        Assert.Contains("COPY appsettings.json", text, StringComparison.Ordinal);
        foreach (var project in new[] { "Anycast.Tunnel", "Anycast.Core", "Anycast.Agent", "Anycast.Sandbox", "Anycast.Web" })
        {
            Assert.Contains($"COPY {project} {project}", text, StringComparison.Ordinal);
            Assert.Contains($"COPY {project}/*.csproj {project}/packages.lock.json {project}/", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Compose_OfTheService_PassesTheMasterKeyAsASecret()
    {
        var text = File.ReadAllText(RepositoryRoot.At("deploy", "compose.yaml"));
        var compose = new YamlDotNet.Serialization.DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(text);
        var services = (Dictionary<object, object>)compose["services"];
        Assert.Contains("anycast", services.Keys);
        Assert.Contains("postgres", services.Keys);
        Assert.Contains("Anycast__MasterKey", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)password: *[^$ \\n]", text);
    }

    private static async Task RunAsync(string file, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{file} ended with {process.ExitCode}: {await output} {await errors}");
    }
}
