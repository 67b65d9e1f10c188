namespace Anycast.Sandbox.Storage;

/// <summary>Which part of an object a write may change.</summary>
internal enum WritePart
{
    /// <summary>All but status, where the kind has a status subresource.</summary>
    Main = 1,

    /// <summary>The status alone.</summary>
    Status = 2,

    /// <summary>Everything, identity and times included: scenario and tests.</summary>
    Everything = 3,
}

/// <summary>Who writes, and how.</summary>
/// <param name="Manager">Field manager as managedFields names it.</param>
/// <param name="Part">What may change.</param>
/// <param name="DryRun">Nothing is stored; the answer is what it would be.</param>
internal sealed record WriteBy(string Manager, WritePart Part = WritePart.Main, bool DryRun = false)
{
    /// <summary><c>Update</c> or <c>Apply</c>.</summary>
    public string Operation { get; init; } = "Update";

    /// <summary>Subresource that was written, or null.</summary>
    public string? Subresource { get; init; } = Part == WritePart.Status ? "status" : null;

    /// <summary>For an apply: the fields that were sent.</summary>
    public System.Text.Json.Nodes.JsonObject? Applied { get; init; }

    /// <summary>For an apply: take fields over from other managers.</summary>
    public bool Force { get; init; }
}
