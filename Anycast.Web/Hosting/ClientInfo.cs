using System.Net;

namespace Anycast.Web.Hosting;

/// <summary>What the connection says of the caller.</summary>
public static class ClientInfo
{
    /// <summary>The caller's address behind known proxies; IPv4 in its own form.</summary>
    public static string? ClientIp(this HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        return address is null ? null : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    /// <summary>Whether the connection itself comes from this machine and no proxy stands between; headers do not count.</summary>
    public static bool IsDirectLoopback(this HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !context.Request.Headers.ContainsKey("X-Forwarded-For") && !context.Request.Headers.ContainsKey("X-Original-For") && !context.Request.Headers.ContainsKey("Forwarded")
        && context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]";

    /// <summary>Browser and system in words a person understands (D23), from the few families that matter; never the raw header.</summary>
    public static string ClientDevice(this HttpContext context) => Describe(context.Request.Headers.UserAgent.ToString());

    internal static string Describe(string agent)
    {
        var browser = agent switch
        {
            _ when agent.Contains("Edg/") => "Edge",
            _ when agent.Contains("OPR/") => "Opera",
            _ when agent.Contains("Firefox/") => "Firefox",
            _ when agent.Contains("Chrome/") || agent.Contains("CriOS/") => "Chrome",
            _ when agent.Contains("Safari/") => "Safari",
            _ when agent.StartsWith("curl/", StringComparison.Ordinal) => "curl",
            _ => "",
        };
        var system = agent switch
        {
            _ when agent.Contains("Android") => "Android",
            _ when agent.Contains("iPhone") || agent.Contains("iPad") => "iOS",
            _ when agent.Contains("Windows") => "Windows",
            _ when agent.Contains("Mac OS X") => "macOS",
            _ when agent.Contains("CrOS") => "ChromeOS",
            _ when agent.Contains("Linux") => "Linux",
            _ => "",
        };
        return (browser, system) switch
        {
            ("", "") => "",
            (_, "") => browser,
            ("", _) => system,
            _ => $"{browser}, {system}",
        };
    }
}
