using System.Globalization;
using k8s.Models;

namespace Anycast.Core.Diagnostics;

/// <summary>Kubernetes quantities: CPU in cores, memory in bytes.</summary>
internal static class Quantities
{
    private const decimal Mebi = 1024m * 1024m;

    /// <summary>A value of a resource list, null when it is absent or not a number.</summary>
    public static decimal? Of(IDictionary<string, ResourceQuantity>? list, string resource)
    {
        if (list is null || !list.TryGetValue(resource, out var quantity) || quantity is null)
        {
            return null;
        }

        try
        {
            return quantity.ToDecimal();
        }
        catch (Exception e) when (e is OverflowException or FormatException)
        {
            return null;
        }
    }

    /// <summary>What a pod asks of the scheduler: the sum over containers, or the largest init container if that is more; plus overhead.</summary>
    /// <remarks>https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers</remarks>
    /// <param name="less">By how much the containers would ask for less.</param>
    public static decimal RequestOf(V1PodSpec? spec, string resource, decimal less = 0)
    {
        var containers = (spec?.Containers ?? []).Sum(c => Of(c.Resources?.Requests, resource) ?? 0) - less;
        var init = (spec?.InitContainers ?? []).Select(c => Of(c.Resources?.Requests, resource) ?? 0).DefaultIfEmpty(0).Max();
        return Math.Max(containers, init) + (Of(spec?.Overhead, resource) ?? 0);
    }

    /// <summary>As people write it: <c>250m</c>, <c>512Mi</c>.</summary>
    public static string Print(string resource, decimal value)
    {
        if (resource == "cpu")
        {
            return value == decimal.Truncate(value)
                ? value.ToString("0", CultureInfo.InvariantCulture)
                : (Math.Floor(value * 1000)).ToString("0", CultureInfo.InvariantCulture) + "m";
        }

        if (value >= Mebi && value % Mebi == 0)
        {
            var mebi = value / Mebi;
            return mebi % 1024 == 0
                ? (mebi / 1024).ToString("0", CultureInfo.InvariantCulture) + "Gi"
                : mebi.ToString("0", CultureInfo.InvariantCulture) + "Mi";
        }

        return value.ToString("0.###", CultureInfo.InvariantCulture);
    }

    /// <summary>Rounded down to what a person would write: whole 50 millicores, whole 64 MiB. Zero when less than one step.</summary>
    public static decimal RoundDown(string resource, decimal value)
    {
        var step = resource switch
        {
            "cpu" => 0.05m,
            "memory" or "ephemeral-storage" => 64 * Mebi,
            _ => 1m,
        };
        return Math.Floor(value / step) * step;
    }
}
