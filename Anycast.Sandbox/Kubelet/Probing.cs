using System.Text.Json.Nodes;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>Answers probes from the spec and what the image serves, with the outputs that kubelets report.</summary>
internal static class Probing
{
    public static (bool Ok, string Output) Try(JsonObject probe, JsonObject container, ImageFacts image, string podIp, CanaryMint canaries)
    {
        if (probe["httpGet"] is JsonObject http)
        {
            return Http(http, container, image, podIp);
        }

        if (probe["tcpSocket"] is JsonObject tcp)
        {
            var port = PortOf(tcp, container);
            return image.Ports.Contains(port) ? (true, "") : (false, $"dial tcp {podIp}:{port}: connect: connection refused");
        }

        if (probe["grpc"] is JsonObject grpc)
        {
            return image.Ports.Contains(grpc.Int("port")) ? (true, "") : (false, $"timeout: failed to connect service \"{podIp}:{grpc.Int("port")}\" within 1s: context deadline exceeded");
        }

        var command = probe.Strings("exec", "command").FirstOrDefault() ?? "";
        var name = command[(command.LastIndexOf('/') + 1)..];
        return image.Commands.Contains(name)
            ? (true, "")
            : (false, $"{name}: check failed: session={canaries.Mint("probe", $"{image.Repository}/{name}")} state=degraded");
    }

    private static (bool Ok, string Output) Http(JsonObject http, JsonObject container, ImageFacts image, string podIp)
    {
        var port = PortOf(http, container);
        var path = http.Str("path") is { Length: > 0 } given ? given : "/";
        if (port == 0)
        {
            return (false, $"strconv.Atoi: parsing \"{http.Str("port")}\": invalid syntax");
        }

        if (!image.Ports.Contains(port))
        {
            var url = $"{http.Str("scheme").ToLowerInvariant()}://{podIp}:{port}{path}";
            return (false, $"Get \"{url}\": dial tcp {podIp}:{port}: connect: connection refused");
        }

        return image.Paths.Contains(path.Split('?')[0]) ? (true, "") : (false, "HTTP probe failed with statuscode: 404");
    }

    private static int PortOf(JsonObject action, JsonObject container) =>
        action.Number("port") is { } number ? (int)number
        : container.Items("ports").FirstOrDefault(p => p.Str("name") == action.Str("port")).Int("containerPort");
}
