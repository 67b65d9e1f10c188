namespace Anycast.Web.Clusters;

/// <summary>Names the resource files of the cluster pages.</summary>
public sealed class ClusterText;
