using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Scenario;

/// <summary>The manifests that are part of the program.</summary>
internal static class Manifests
{
    public static IReadOnlyList<JsonNode> Read(string name) => Yaml.ParseAll(Text(name));

    public static string Text(string name)
    {
        using var stream = typeof(Manifests).Assembly.GetManifestResourceStream("Anycast.Sandbox.Scenario.Manifests." + name)
            ?? throw new InvalidOperationException($"The manifest {name} is not part of the program.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
