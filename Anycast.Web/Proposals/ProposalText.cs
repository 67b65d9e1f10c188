namespace Anycast.Web.Proposals;

/// <summary>Names the resource files of the proposals' pages.</summary>
public sealed class ProposalText;
