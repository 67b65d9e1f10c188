namespace Anycast.Web.Clusters.Departures;

/// <summary>Names the resource files of what left a cluster.</summary>
public sealed class DepartureText;
