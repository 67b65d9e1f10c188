using System.Text;

namespace Anycast.Sandbox;

/// <summary>Writes kubeconfig files.</summary>
internal static class Kubeconfig
{
    public static string Text(Uri server, string caPem, string user, string token) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: anycast-sandbox
          cluster:
            server: {server.ToString().TrimEnd('/')}
            certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(caPem))}
        users:
        - name: {user}
          user:
            token: {token}
        contexts:
        - name: anycast-sandbox
          context:
            cluster: anycast-sandbox
            user: {user}
            namespace: default
        current-context: anycast-sandbox

        """;
}
