using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Layout;
using Anycast.Web.Shell.Palette;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Clusters;

/// <summary>Clusters of the team in view, and the objects in them, from their caches.</summary>
public sealed class ClusterPaletteSource(ClusterService clusters, ClusterGateway gateway, NavigationManager navigation, IStringLocalizer<ClusterText> text) : IPaletteSource
{
    private const int Objects = 8;

    public string Group => text["Palette"];

    public async Task<IReadOnlyList<PaletteEntry>> SearchAsync(Actor actor, string text, CancellationToken ct)
    {
        if (MainLayout.TeamOf(navigation) is not { } team || await clusters.ListAsync(actor, team, ct) is not { IsOk: true, Value: { } all })
        {
            return [];
        }

        var found = new List<PaletteEntry>();
        foreach (var cluster in all.Where(c => PaletteMatch.Score(text, c.Name) > 0).Take(5))
        {
            found.Add(new PaletteEntry(cluster.Name, null, "boxes", AppUrls.Cluster(team, cluster.Slug)));
        }

        if (text.Trim().Length < 2)
        {
            return found;
        }

        foreach (var cluster in all)
        {
            if (await gateway.OpenCacheAsync(actor, cluster.TeamId, cluster.Id, ct) is { IsOk: true, Value: { } open })
            {
                var query = RowQuery.Of(ClusterKinds.Listed.Where(k => k is not ("Event" or "ReplicaSet"))) with { Search = text };
                found.AddRange(open.Query(query, 0, 100).Items
                    .OrderByDescending(r => PaletteMatch.Score(text, r.Name)).ThenBy(r => r.Kind == "Pod").Take(Objects)
                    .Select(r => new PaletteEntry(r.Name, $"{r.Kind} · {(r.Namespace.Length > 0 ? r.Namespace + " · " : "")}{cluster.Name}", "box",
                        AppUrls.KubernetesObject(team, cluster.Slug, ClusterKinds.GroupOf(r.Kind), r.Kind, r.Namespace, r.Name))));
            }
        }

        return found;
    }
}
