namespace Anycast.Web.Operators;

/// <summary>Names the resource files of the operator's pages.</summary>
public sealed class OperatorText;
