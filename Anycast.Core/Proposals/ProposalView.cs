using System.Text.Json;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Projection;

namespace Anycast.Core.Proposals;

/// <summary>What a tool or a form asks for.</summary>
/// <param name="ClusterId">Where.</param>
/// <param name="Operation">A name of <see cref="OperationNames"/>.</param>
/// <param name="Target">What; without UID and generation, which the dry run finds.</param>
/// <param name="Leaves">What it sets.</param>
/// <param name="Tool">The tool that asks.</param>
/// <param name="ToolVersion">Its version.</param>
/// <param name="ConversationId">The conversation it belongs to.</param>
/// <param name="MessageId">The message within it.</param>
public sealed record ProposalRequest(
    Guid ClusterId,
    string Operation,
    OperationTarget Target,
    IReadOnlyList<LeafChange> Leaves,
    string Tool,
    int ToolVersion = 1,
    Guid? ConversationId = null,
    Guid? MessageId = null);

/// <summary>A proposal as a page shows it, with what the reader may do.</summary>
/// <param name="Row">The record.</param>
/// <param name="Diff">Each leaf before and after.</param>
/// <param name="MayDecide">The reader may approve and reject here.</param>
/// <param name="ClusterSlug">For links; null when the cluster is gone.</param>
public sealed record ProposalView(Proposal Row, IReadOnlyList<LeafDiff> Diff, bool MayDecide, string? ClusterSlug)
{
    public bool NeedsTypedName => Row.Risk == ProposalRisk.Destructive;

    /// <summary>Can be taken back: executed, and every value it replaced is visible.</summary>
    public bool Undoable => Row.State == ProposalState.Executed && Row.UndoOf is null && ProposalJson.Values(Row.PriorValues).All(v => v is null || !ProposalJson.IsMarker(v));
}

/// <summary>The JSON columns of a proposal.</summary>
internal static class ProposalJson
{
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, JsonSerializerOptions.Web);

    public static LeafChange[] Leaves(string json) => JsonSerializer.Deserialize<LeafChange[]>(json, JsonSerializerOptions.Web) ?? [];

    public static string?[] Values(string json) => JsonSerializer.Deserialize<string?[]>(json, JsonSerializerOptions.Web) ?? [];

    public static LeafDiff[] Diff(string json) => JsonSerializer.Deserialize<LeafDiff[]>(json, JsonSerializerOptions.Web) ?? [];

    /// <summary>True for a value that holds a marker of something withheld; such a value must never be written to a cluster.</summary>
    public static bool IsMarker(string value) => Marker.IsIn(value);
}
