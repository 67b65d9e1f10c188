using Xunit.v3;

namespace Anycast.Tests.Harness;

/// <summary>
/// Names the clauses of the privacy policy (docs/policy/clauses.tsv) that a test proves. A guard compares the whole with the list;
/// <c>--filter-trait Clause=S02</c> runs the tests of one clause.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class PolicyClauseAttribute(params string[] ids) : Attribute, ITraitAttribute
{
    /// <summary>Clause ids such as <c>S02</c>.</summary>
    public IReadOnlyList<string> Ids { get; } = ids;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [.. Ids.Select(id => new KeyValuePair<string, string>("Clause", id))];
}
