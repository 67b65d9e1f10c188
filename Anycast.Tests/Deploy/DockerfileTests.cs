using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Deploy;

/// <summary>A lint of both Dockerfiles: what no image of ours may be or hold. Images are not built here.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] s_instructions = ["FROM", "RUN", "COPY", "WORKDIR", "USER", "ENV", "EXPOSE", "VOLUME", "HEALTHCHECK", "ENTRYPOINT", "CMD", "ARG", "LABEL"];

    public static TheoryData<string> Files => ["Dockerfile", "Dockerfile.agent"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Image_OfOurs_IsHardened(string file) => Assert.Empty(Faults(File.ReadAllText(RepositoryRoot.At(file))));

    [Theory]
    [MemberData(nameof(Files))]
    public void Sources_ThatAreCopied_AreThere(string file)
    {
        var copies = Instructions(File.ReadAllText(RepositoryRoot.At(file))).Where(i => i.Name == "COPY" && !i.Text.Contains("--from=", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(copies);
        foreach (var source in copies.SelectMany(i => i.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..^1]).Where(s => !s.Contains('*', StringComparison.Ordinal)))
        {
            Assert.True(Path.Exists(RepositoryRoot.At(source.Split('/'))), $"{file} copies {source}");
        }
    }

    [Fact]
    public async Task Restore_OfTheService_NeedsNoMoreThanWasCopied()
    {
        // The packages must be restored from the project files alone, else the image does not build.
        using var copy = new TempDirectory();
        foreach (var copied in Instructions(File.ReadAllText(RepositoryRoot.At("Dockerfile"))).Where(i => i.Name is "COPY" or "RUN").TakeWhile(i => i.Name == "COPY"))
        {
            var parts = copied.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var target = Directory.CreateDirectory(Path.Combine(copy.Path, parts[^1])).FullName;
            foreach (var file in parts[..^1].SelectMany(source => Directory.GetFiles(RepositoryRoot.At(Path.GetDirectoryName(source) ?? ""), Path.GetFileName(source))))
            {
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
            }
        }

        using var restore = Process.Start(new ProcessStartInfo("dotnet", ["restore", "Anycast.Web", "--locked-mode"]) { WorkingDirectory = copy.Path, RedirectStandardOutput = true })!;
        var output = await restore.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await restore.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(restore.ExitCode == 0, output);
    }

    [Theory]
    [InlineData("FROM mcr.microsoft.com/dotnet/sdk:10.0-bookworm-slim\nUSER 1000\nENTRYPOINT [\"a\"]", "no such image")]
    [InlineData("FROM x:1\nENTRYPOINT [\"a\"]", "runs as root")]
    [InlineData("FROM x:1\nUSER root\nENTRYPOINT [\"a\"]", "runs as root")]
    [InlineData("FROM x:1\nUSER 0\nENTRYPOINT [\"a\"]", "runs as root")]
    [InlineData("FROM x:1\nUSER app\nENTRYPOINT [\"a\"]", "is no number")]
    [InlineData("FROM x:1 AS build\nUSER 1000\nFROM y:1\nENTRYPOINT [\"a\"]", "runs as root")]
    [InlineData("FROM x\nUSER 1000\nENTRYPOINT [\"a\"]", "no fixed tag")]
    [InlineData("FROM x:latest\nUSER 1000\nENTRYPOINT [\"a\"]", "no fixed tag")]
    [InlineData("FROM x:1\nADD https://a/b /\nUSER 1000\nENTRYPOINT [\"a\"]", "ADD")]
    [InlineData("FROM x:1\nRUN curl https://a | sh\nUSER 1000\nENTRYPOINT [\"a\"]", "downloads")]
    [InlineData("FROM x:1\nENV API_TOKEN=a\nUSER 1000\nENTRYPOINT [\"a\"]", "secret")]
    [InlineData("FROM x:1\nUSER 1000\nENTRYPOINT a b", "shell form")]
    [InlineData("FROM x:1\nUSER 1000\nRUN apt-get update && apt-get install -y a\nENTRYPOINT [\"a\"]", "package lists")]
    [InlineData("FROM x:1\nUSER 1000\nEXPOSE 80\nENTRYPOINT [\"a\"]", "port below 1024")]
    public void Fault_OfEachSort_IsFound(string text, string fault) => Assert.Contains(Faults(text), f => f.Contains(fault, StringComparison.Ordinal));

    [Fact]
    public void Image_OfTheAgent_HoldsOneFileAndNoShell()
    {
        var final = Final(Instructions(File.ReadAllText(RepositoryRoot.At("Dockerfile.agent"))));

        Assert.EndsWith("-chiseled", final[0].Text, StringComparison.Ordinal);
        Assert.Single(final, i => i.Name == "COPY");
        Assert.DoesNotContain(final, i => i.Name == "RUN");
        Assert.Contains(final, i => i.Name == "HEALTHCHECK");
    }

    [Fact]
    public void Agent_AndWhatItUses_AreAnalysedForNativeCode()
    {
        foreach (var project in new[] { "Anycast.Agent", "Anycast.Tunnel" })
        {
            var properties = XDocument.Load(RepositoryRoot.At(project, project + ".csproj")).Descendants("IsAotCompatible").Select(e => e.Value);
            Assert.Equal(["true"], properties);
        }

        Assert.Contains("<TreatWarningsAsErrors>true", File.ReadAllText(RepositoryRoot.At("Directory.Build.props")), StringComparison.Ordinal);
    }

    private static List<string> Faults(string text)
    {
        var all = Instructions(text);
        var final = Final(all);
        var faults = all.Where(i => !s_instructions.Contains(i.Name)).Select(i => $"{i.Name} is not used here").ToList();
        var stages = new HashSet<string>(StringComparer.Ordinal);
        foreach (var image in all.Where(i => i.Name == "FROM").Select(i => i.Text.Split(' ')))
        {
            if (!stages.Contains(image[0]) && (!image[0].Contains(':', StringComparison.Ordinal) || image[0].EndsWith(":latest", StringComparison.Ordinal)))
            {
                faults.Add($"{image[0]} has no fixed tag");
            }

            if (DebianPattern().IsMatch(image[0]))
            {
                faults.Add($"{image[0]}: no such image, since .NET 10 comes on Ubuntu, Alpine and Azure Linux"); // dotnet/dotnet-docker#6860
            }

            stages.Add(image[^1]);
        }

        var user = final.LastOrDefault(i => i.Name == "USER").Text?.Split(':')[0];
        faults.AddRange(user is null or "root" or "0" ? ["runs as root"] : user.All(char.IsAsciiDigit) ? [] : [$"user {user} is no number, which Kubernetes can't check"]);
        faults.AddRange(all.Where(i => i.Name == "RUN" && DownloadPattern().IsMatch(i.Text)).Select(i => $"downloads: {i.Text}"));
        faults.AddRange(all.Where(i => i.Name == "RUN" && i.Text.Contains("apt-get install", StringComparison.Ordinal) && !i.Text.Contains("rm -rf /var/lib/apt/lists", StringComparison.Ordinal)).Select(_ => "keeps package lists"));
        faults.AddRange(all.Where(i => i.Name is "ENV" or "ARG" && SecretPattern().IsMatch(i.Text)).Select(i => $"a secret in {i.Text}"));
        faults.AddRange(final.Where(i => i.Name is "ENTRYPOINT" or "CMD" && !i.Text.StartsWith('[')).Select(i => $"{i.Name} in shell form"));
        faults.AddRange(final.Where(i => i.Name == "EXPOSE" && int.Parse(i.Text, System.Globalization.CultureInfo.InvariantCulture) < 1024).Select(_ => "a port below 1024"));
        return faults;
    }

    private static List<(string Name, string Text)> Instructions(string text) =>
    [
        .. text.ReplaceLineEndings("\n").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')
            .Select(l => (l.Split(' ')[0].ToUpperInvariant(), l[l.Split(' ')[0].Length..].Trim())),
    ];

    private static List<(string Name, string Text)> Final(List<(string Name, string Text)> all) => all[all.FindLastIndex(i => i.Name == "FROM")..];

    [GeneratedRegex("dotnet/.*:10.*(bullseye|bookworm|trixie)")]
    private static partial Regex DebianPattern();

    [GeneratedRegex(@"\b(curl|wget)\b|\|\s*(ba)?sh\b")]
    private static partial Regex DownloadPattern();

    [GeneratedRegex("(?i)(token|password|secret|apikey|api_key)[a-z_]*=")]
    private static partial Regex SecretPattern();
}
