using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Anycast.Agent;
using Anycast.Agent.Cluster;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;
using Microsoft.Extensions.Time.Testing;
using Kubeconfig = Anycast.Agent.Cluster.Kubeconfig;

namespace Anycast.Tests.Agent;

/// <summary>Programs that sign in for a kubeconfig's user: refused, unless the agent's own configuration names that very program; then without a shell, bounded, and told nothing of the agent.</summary>
public sealed class ExecPluginTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 26, 9, 0, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(null, "starts no programs")]
    [InlineData("/usr/bin/other", "starts no programs")]
    [InlineData("/opt/aws", "starts no programs")]
    public void Exec_OfAProgramThatIsNotNamed_IsRefusedAndSaysHow(string? allowed, string words)
    {
        var e = Assert.Throws<AgentSetupException>(() => Kubeconfig.Parse(Config("command: /usr/local/bin/aws"), "/etc", allowed is null ? [] : [allowed]));

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains("ANYCAST_ALLOW_EXEC_PLUGIN", e.Message, StringComparison.Ordinal);
        Assert.Contains("/usr/local/bin/aws", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("command: aws", "/usr/local/bin/aws")]
    [InlineData("command: ./plugins/aws", "/etc/plugins/aws")]
    [InlineData("command: /usr/local/../bin/aws", "/usr/bin/aws")]
    public void Exec_OfANamedProgram_IsThatProgramAndNoOther(string command, string program)
    {
        Assert.Equal(program, Kubeconfig.Parse(Config(command), "/etc", ["/elsewhere/gcloud", program]).Exec!.Program);
        Assert.Throws<AgentSetupException>(() => Kubeconfig.Parse(Config(command), "/etc", ["/elsewhere/gcloud"]));
    }

    [Theory]
    [InlineData("{apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}", "apiVersion")]
    [InlineData("{apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Always}", "Nobody sits")]
    [InlineData("{apiVersion: client.authentication.k8s.io/v1, command: aws, env: [{name: 'A=B', value: c}]}", "can't be read")]
    public void Exec_ThatCannotBe_IsRefusedInWords(string exec, string words) =>
        Assert.Contains(words, Assert.Throws<AgentSetupException>(() => Kubeconfig.Parse(User("exec: " + exec), "/", ["/usr/bin/aws"])).Message, StringComparison.Ordinal);

    [Fact]
    public void AuthProvider_IsRefusedAlways() =>
        Assert.Contains("starts no programs", Assert.Throws<AgentSetupException>(() => Kubeconfig.Parse(User("auth-provider: {name: gcp, config: {cmd-path: /usr/bin/aws}}"), "/", ["/usr/bin/aws"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Variable_InAPodOrWithADetour_IsRefusedInWords()
    {
        var program = Program("true");
        Assert.Equal([program], Read(program).AllowedExecPlugins);
        Assert.Equal([program, program], Read($"{program}{Path.PathSeparator}{program}").AllowedExecPlugins);
        Assert.Empty(Read(null).AllowedExecPlugins);
        Assert.Contains("in a pod", Assert.Throws<AgentSetupException>(() => Read(program, ("KUBERNETES_SERVICE_HOST", "10.0.0.1"))).Message, StringComparison.Ordinal);
        Assert.Contains("absolute", Assert.Throws<AgentSetupException>(() => Read("aws")).Message, StringComparison.Ordinal);
        Assert.Contains("absolute", Assert.Throws<AgentSetupException>(() => Read(Path.GetDirectoryName(program) + "/../" + Path.GetFileName(program))).Message, StringComparison.Ordinal);
        Assert.Contains("not there", Assert.Throws<AgentSetupException>(() => Read(program + "-gone")).Message, StringComparison.Ordinal);

        static AgentOptions Read(string? value, params (string Name, string Value)[] more) => AgentOptions.FromEnvironment(name => name switch
        {
            "ANYCAST_SERVER" => "https://anycast.example.org",
            "ANYCAST_ALLOW_EXEC_PLUGIN" => value,
            _ => more.FirstOrDefault(m => m.Name == name).Value,
        });
    }

    [Fact]
    public async Task Program_ThatSignsIn_GetsItsArgumentsAsTheyAreAndNothingOfTheAgents()
    {
        Environment.SetEnvironmentVariable("ANYCAST_TEST_CANARY", "canary-of-the-agent");
        try
        {
            var program = Program($$"""
                printf '%s\n' "$#" "$@" > "{{directory.Path}}/arguments"
                env > "{{directory.Path}}/environment"
                cat > "{{directory.Path}}/input"
                echo 'a warning' >&2
                {{Print("token-1")}}
                """);
            var config = Kubeconfig.Parse(
                Config($$"""
                    command: {{program}}, provideClusterInfo: true, args: ["a b", "$(touch {{directory.Path}}/shell)", "; touch {{directory.Path}}/shell"], env: [{name: AWS_PROFILE, value: prod}]
                    """),
                "/",
                [program]);

            using var running = new ExecCredentialProgram(config, config.Exec!, clock);
            Assert.Equal("token-1", await running.TokenAsync(Ct));

            Assert.Equal($"3\na b\n$(touch {directory.Path}/shell)\n; touch {directory.Path}/shell\n", await File.ReadAllTextAsync(directory.File("arguments"), Ct));
            Assert.False(File.Exists(directory.File("shell")));
            Assert.Empty(await File.ReadAllTextAsync(directory.File("input"), Ct));
            var environment = await File.ReadAllLinesAsync(directory.File("environment"), Ct);
            Assert.Contains("AWS_PROFILE=prod", environment);
            Assert.Contains(environment, l => l.StartsWith("PATH=", StringComparison.Ordinal));
            Assert.DoesNotContain(environment, l => l.Contains("canary-of-the-agent", StringComparison.Ordinal) || l.StartsWith("ANYCAST_", StringComparison.Ordinal) || l.StartsWith("DOTNET_", StringComparison.Ordinal));
            var info = JsonNode.Parse(environment.Single(l => l.StartsWith("KUBERNETES_EXEC_INFO=", StringComparison.Ordinal))["KUBERNETES_EXEC_INFO=".Length..])!;
            Assert.Equal(("client.authentication.k8s.io/v1", "https://api.example.org/"), (info["apiVersion"]!.GetValue<string>(), info["spec"]!["cluster"]!["server"]!.GetValue<string>()));
            Assert.False(info["spec"]!["interactive"]!.GetValue<bool>());
        }
        finally
        {
            Environment.SetEnvironmentVariable("ANYCAST_TEST_CANARY", null);
        }
    }

    [Fact]
    public async Task Token_ThatStillHolds_IsNotAskedForAgain()
    {
        var program = Program($$"""
            echo x >> "{{directory.Path}}/starts"
            {{Print("token-$(wc -l < " + directory.Path + "/starts | tr -d ' ')", clock.GetUtcNow().AddMinutes(15))}}
            """);
        using var running = Start(program);
        Assert.Equal("token-1", await running.TokenAsync(Ct));
        clock.Advance(TimeSpan.FromMinutes(13));
        Assert.Equal("token-1", await running.TokenAsync(Ct));

        // A minute before its end, and when the API server refuses it; then not more often than every ten seconds.
        clock.Advance(TimeSpan.FromMinutes(1.5));
        Assert.Equal("token-2", await running.TokenAsync(Ct));
        running.Refused();
        Assert.Equal("token-2", await running.TokenAsync(Ct));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("token-3", await running.TokenAsync(Ct));
    }

    [Theory]
    [InlineData("exit 3", "ended with 3")]
    [InlineData("echo nothing", "no JSON")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"t\"}}'", "no ExecCredential of client.authentication.k8s.io/v1")]
    [InlineData("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"clientCertificateData\":\"x\"}}'", "gave no token")]
    [InlineData("printf '%s' '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"a\\nX-Header: b\"}}'", "gave no token")]
    [InlineData("cat /dev/zero", "printed too much")]
    [InlineData("sleep 600 & sleep 600", "took longer than 1 s")]
    public async Task Program_ThatFails_SaysSoIsEndedAndNotStartedAgainAtOnce(string script, string words)
    {
        var program = Program($"echo $$ >> {directory.File("starts")}\n{script}");
        using var running = Start(program, script.Contains("sleep", StringComparison.Ordinal) ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(20));

        Assert.Contains(words, (await Assert.ThrowsAsync<ApiUnavailableException>(async () => await running.TokenAsync(Ct))).Message, StringComparison.Ordinal);
        Assert.Contains("a moment ago", (await Assert.ThrowsAsync<ApiUnavailableException>(async () => await running.TokenAsync(Ct))).Message, StringComparison.Ordinal);

        var pid = Assert.Single(await File.ReadAllLinesAsync(directory.File("starts"), Ct));
        await Eventually.TrueAsync(() => !Directory.Exists("/proc/" + pid) || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal), "the program has ended");
    }

    [Fact]
    public async Task Agent_WithANamedProgram_ConnectsByItsToken()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        var kubeconfig = sandbox.Kubeconfig(agent: true);
        var token = System.Text.RegularExpressions.Regex.Match(kubeconfig, @"(?m)^(?<indent>\s*)token:\s*""?(?<token>[^\s""]+)""?\s*$");
        Assert.True(token.Success, "the sandbox's kubeconfig holds a token");
        var program = Program(Print(token.Groups["token"].Value));
        var exec = $"{token.Groups["indent"].Value}exec: {{apiVersion: client.authentication.k8s.io/v1, command: {program}}}";
        await using var world = await TunnelWorld.StartAsync(kubeconfig.Replace(token.Value, exec, StringComparison.Ordinal), with: o => o with { AllowedExecPlugins = [program] });

        Assert.True((await world.Client.GetObjectsAsync("/api/v1/namespaces/shop/pods?limit=5", Ct)).IsOk);
    }

    private ExecCredentialProgram Start(string program, TimeSpan? limit = null)
    {
        var config = Kubeconfig.Parse(Config($"command: {program}"), "/", [program]);
        return new ExecCredentialProgram(config, config.Exec!, clock) { Limit = limit ?? TimeSpan.FromSeconds(20) };
    }

    /// <summary>A program that is a script; the agent starts the file itself.</summary>
    private string Program(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs of these tests are shell scripts.");
        var path = directory.File($"plugin-{Guid.NewGuid():n}");
        File.WriteAllText(path, "#!/bin/sh\n" + script.ReplaceLineEndings("\n") + "\n", new UTF8Encoding(false));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    private static string Print(string token, DateTimeOffset? until = null)
    {
        var end = until is { } at ? $",\\\"expirationTimestamp\\\":\\\"{at.ToString("O", CultureInfo.InvariantCulture)}\\\"" : "";
        return $"echo \"{{\\\"kind\\\":\\\"ExecCredential\\\",\\\"apiVersion\\\":\\\"client.authentication.k8s.io/v1\\\",\\\"status\\\":{{\\\"token\\\":\\\"{token}\\\"{end}}}}}\"";
    }

    private static string Config(string exec) => User($"exec: {{apiVersion: client.authentication.k8s.io/v1, {exec.Trim()}}}");

    private static string User(string user) => $$"""
        current-context: c
        contexts:
        - name: c
          context: {cluster: k, user: u}
        clusters:
        - name: k
          cluster:
            server: https://api.example.org
        users:
        - name: u
          user:
            {{user}}
        """;
}
