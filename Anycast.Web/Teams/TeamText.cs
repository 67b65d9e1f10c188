namespace Anycast.Web.Teams;

/// <summary>Names the resource files of the team's pages.</summary>
public sealed class TeamText;
