using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Patching;

/// <summary>JSON Merge Patch (RFC 7396).</summary>
internal static class MergePatch
{
    public static JsonObject Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject inner)
            {
                target[name] = Apply(target[name] is JsonObject present ? (JsonObject)present.DeepClone() : [], inner);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }

        return target;
    }
}
