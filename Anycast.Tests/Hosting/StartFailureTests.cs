using System.Net;
using System.Net.Sockets;
using Anycast.Tests.Harness;
using Anycast.Web.Hosting;

namespace Anycast.Tests.Hosting;

/// <summary>Whoever starts the service with a setting that cannot be used reads a sentence that names it, and no frames.</summary>
public sealed class StartFailureTests
{
    [Theory]
    [InlineData("Anycast:Demo:Enabled", "maybe", "Anycast:Demo:Enabled")]
    [InlineData("Anycast:PublicUrl", "nowhere", "Anycast:PublicUrl must be an absolute address")]
    [InlineData("Anycast:MasterKey", "short", "openssl rand -base64 32")]
    [InlineData("Anycast:Data:Directory", "/dev/null/data", "Anycast__Data__Directory is /dev/null/data")]
    [InlineData("Anycast:Data:Postgres", "Host=127.0.0.1;Port=9", "Anycast__MasterKey")]
    [InlineData("Anycast:Setup:OperatorEmail", "op@example.org", "Anycast__Setup__OperatorPassword is missing")]
    [InlineData("Anycast:Assistant:Providers:0:Kind", "Foo", "Kind must be OpenAI, Anthropic or OpenAICompatible")]
    public async Task Start_WithASettingThatCannotBeUsed_SaysSoAndShowsNoFrames(string key, string value, string sentence)
    {
        var (code, said) = await AppProcess.StartInVainAsync(new Dictionary<string, string?> { [key] = value });
        Assert.Contains($"Anycast cannot start: ", said, StringComparison.Ordinal);
        Assert.Contains(sentence, said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.Equal(StartFailure.ExitCode, code);
    }

    [Fact]
    public async Task Start_OnAPortThatIsTaken_NamesTheSettingForAnother()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, said) = await AppProcess.StartInVainAsync(new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}" });
        Assert.Contains("ASPNETCORE_URLS", said, StringComparison.Ordinal);
        Assert.Equal(StartFailure.ExitCode, code);
    }

    /// <summary>What is a defect of ours keeps its trace.</summary>
    [Fact]
    public void Explain_OfADefect_IsNothing() => Assert.Null(StartFailure.Sentences(new InvalidOperationException("A service is not registered.")));
}
