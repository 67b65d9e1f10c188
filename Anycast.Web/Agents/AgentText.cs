namespace Anycast.Web.Agents;

/// <summary>Names the resource files of connecting clusters and of their agents' pages.</summary>
public sealed class AgentText;
