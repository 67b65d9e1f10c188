using System.Security.Cryptography;
using System.Text;
using Anycast.Core.Common.Sealing;

namespace Anycast.Core.Proposals;

/// <summary>
/// Seals what a change sets and replaces with the team's key (DESIGN promise 7), so that the database alone does not tell it. What lists filter and
/// show (operation, target, state) stays in clear. Rows from before this are plain JSON and read as they are.
/// </summary>
public sealed class ProposalValues(Sealer sealer)
{
    /// <summary>No JSON begins like this.</summary>
    private const string Prefix = "sealed1:";

    private const string Nothing = "[]";

    /// <summary>A copy to store; the row itself stays readable for the caller.</summary>
    internal async Task<Proposal> SealedAsync(Proposal row, CancellationToken ct)
    {
        var copy = row.Copy();
        copy.Arguments = await SealAsync(row, nameof(Proposal.Arguments), row.Arguments, ct);
        copy.PriorValues = await SealAsync(row, nameof(Proposal.PriorValues), row.PriorValues, ct);
        copy.Diff = await SealAsync(row, nameof(Proposal.Diff), row.Diff, ct);
        return copy;
    }

    /// <summary>Opens the values of a row that was read for looking at. What cannot be opened is empty, and then the digest does not hold: nobody can approve it.</summary>
    internal async Task<Proposal> OpenAsync(Proposal row, CancellationToken ct)
    {
        row.Arguments = await OpenAsync(row, nameof(Proposal.Arguments), row.Arguments, ct);
        row.PriorValues = await OpenAsync(row, nameof(Proposal.PriorValues), row.PriorValues, ct);
        row.Diff = await OpenAsync(row, nameof(Proposal.Diff), row.Diff, ct);
        return row;
    }

    private async Task<string> SealAsync(Proposal row, string column, string json, CancellationToken ct) =>
        Prefix + Convert.ToBase64String(await sealer.SealAsync(KeyOwner.Team, row.TeamId, Place(row, column), Encoding.UTF8.GetBytes(json), ct));

    private async Task<string> OpenAsync(Proposal row, string column, string stored, CancellationToken ct)
    {
        if (!stored.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return stored;
        }

        try
        {
            var plain = await sealer.OpenAsync(KeyOwner.Team, row.TeamId, Place(row, column), Convert.FromBase64String(stored[Prefix.Length..]), ct);
            return plain is null ? Nothing : Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return Nothing;
        }
    }

    private static SealedPlace Place(Proposal row, string column) => new("Proposals", row.Id.ToString("N"), column);
}
