using System.Reflection;

namespace Anycast.Core.Agents.Install;

/// <summary>The add-ons that a customer may apply beyond the agent's manifest, as <c>deploy/agent/addons</c> holds them.</summary>
public static class AddOns
{
    private const string Prefix = "Anycast.Core.Agents.Install.addons.";

    /// <summary>The admission policies of an add-on and their bindings, without the role they hold; empty when it has none.</summary>
    public static string Policies(string name) => string.Join(
        "---\n",
        Read(name).Split("---\n").Where(d => d.Contains("kind: ValidatingAdmissionPolicy", StringComparison.Ordinal))
            .Select(d => string.Concat(d.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l + '\n'))));

    /// <summary>The whole text of an add-on.</summary>
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Prefix}{name}.yaml")
            ?? throw new InvalidOperationException($"The add-on {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
