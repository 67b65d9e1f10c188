namespace Anycast.Tests.Harness;

/// <summary>Names the clauses of the privacy policy (docs/policy/clauses.tsv) that a test proves. A guard compares the whole with the list.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class PolicyClauseAttribute(params string[] ids) : Attribute
{
    /// <summary>Clause ids such as <c>S02</c>.</summary>
    public IReadOnlyList<string> Ids { get; } = ids;
}
