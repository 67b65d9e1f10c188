using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Anycast.Tests.Harness;

/// <summary>kubectl as a person has it, on the cluster that <c>KUBECONFIG</c> names.</summary>
internal static class RealKubectl
{
    /// <summary>Runs it with <paramref name="input"/> on its standard input, and returns what it prints; fails with what it complains of.</summary>
    public static async Task<string> RunAsync(string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("kubectl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(process.ExitCode == 0, $"kubectl {string.Join(' ', arguments)}: {await errors}");
        return await output;
    }

    /// <summary>A kubeconfig for the same cluster with another token.</summary>
    public static async Task<string> KubeconfigAsync(string token)
    {
        var cluster = JsonNode.Parse(await RunAsync("", "config", "view", "--raw", "--minify", "--flatten", "-o", "json"))!["clusters"]![0]!["cluster"]!.AsObject();
        if (cluster["insecure-skip-tls-verify"]?.GetValue<bool>() == true)
        {
            // The agent always checks the certificate, so a test cluster without an authority to name gets the one that it shows.
            cluster.Remove("insecure-skip-tls-verify");
            cluster["certificate-authority-data"] = await ShownAuthorityAsync(new Uri(cluster["server"]!.GetValue<string>()));
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["clusters"] = new JsonArray(new JsonObject { ["name"] = "cluster", ["cluster"] = cluster.DeepClone() }),
            ["users"] = new JsonArray(new JsonObject { ["name"] = "agent", ["user"] = new JsonObject { ["token"] = token } }),
            ["contexts"] = new JsonArray(new JsonObject { ["name"] = "agent", ["context"] = new JsonObject { ["cluster"] = "cluster", ["user"] = "agent" } }),
            ["current-context"] = "agent",
        }.ToJsonString();
    }

    private static async Task<string> ShownAuthorityAsync(Uri server)
    {
        var pem = new StringBuilder();
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port).WaitAsync(TimeSpan.FromSeconds(10));
        await using var tls = new SslStream(client.GetStream(), false, (_, certificate, chain, _) =>
        {
            foreach (var shown in new[] { (X509Certificate2)certificate! }.Concat(chain!.ChainPolicy.ExtraStore).Where(c => c.Subject == c.Issuer))
            {
                pem.AppendLine(shown.ExportCertificatePem());
            }

            return true;
        });
        await tls.AuthenticateAsClientAsync(server.Host).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(pem.Length > 0, "The cluster's kubeconfig says insecure-skip-tls-verify and its server shows no authority: name the authority in the kubeconfig.");
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(pem.ToString()));
    }
}
