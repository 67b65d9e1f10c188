namespace Anycast.Web.Demo;

/// <summary>The demo: a sandbox cluster with its agent, in this process. Section <c>Anycast:Demo</c>.</summary>
public sealed class DemoOptions
{
    public const string Section = "Anycast:Demo";

    /// <summary>On or off; when not set, on with SQLite and off with PostgreSQL.</summary>
    public bool? Enabled { get; set; }

    /// <summary>Generated pods besides the shop's.</summary>
    public int Pods { get; set; }

    /// <summary>How much faster than real the sandbox's own delays pass.</summary>
    public double Speed { get; set; } = 1;
}
