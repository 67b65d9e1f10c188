using System.Text.Json.Nodes;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>Runs startup, readiness and liveness probes of running containers.</summary>
internal sealed class ProbeWorker(ControllerContext context)
{
    private static readonly (string Member, string Word)[] _kinds = [("startupProbe", "Startup"), ("readinessProbe", "Readiness"), ("livenessProbe", "Liveness")];

    public void Begin(Place at)
    {
        at.Run.Probes.Clear();
        at.Run.Started = at.Spec["startupProbe"] is null;
        at.Run.Ready = at.Run.Started && at.Spec["readinessProbe"] is null;
        foreach (var (member, _) in _kinds)
        {
            if (at.Spec[member] is JsonObject probe)
            {
                at.Run.Probes[member] = new ProbeRun { Next = context.Now + context.Time.Scaled(probe.Int("initialDelaySeconds") + 0.1) };
            }
        }
    }

    /// <summary>Runs what is due; the result is when the next probe is, or null when no result can change any more.</summary>
    public DateTimeOffset? Advance(Place at, Action<Place, string> kill)
    {
        DateTimeOffset? next = null;
        foreach (var (member, word) in _kinds)
        {
            if (!at.Run.Probes.TryGetValue(member, out var run) || run.Settled || (member != "startupProbe" && !at.Run.Started))
            {
                continue;
            }

            if (run.Next <= context.Now && !Try(at, member, word, run, kill))
            {
                return at.Run.Next;
            }

            if (!run.Settled && (next is null || run.Next < next))
            {
                next = run.Next;
            }
        }

        return next;
    }

    /// <summary>One probe; false when it got the container killed.</summary>
    private bool Try(Place at, string member, string word, ProbeRun run, Action<Place, string> kill)
    {
        var probe = (JsonObject)at.Spec[member]!;
        var (ok, output) = Probing.Try(probe, at.Spec, at.Run.Facts!, at.PodRun.Ip, context.Canaries);
        var settledFailure = !ok && member == "readinessProbe" && run.Failures > 10;
        var times = settledFailure ? context.Time.Bundle : 1;
        run.Next = context.Now + (context.Time.Scaled(Math.Max(1, probe.Int("periodSeconds"))) * times);
        if (ok)
        {
            run.Failures = 0;
            run.Successes++;
            if (run.Successes >= Math.Max(1, probe.Int("successThreshold")))
            {
                run.Settled = true;
                Succeed(at, member);
            }

            return true;
        }

        run.Successes = 0;
        run.Failures++;
        at.Warning(context, "Unhealthy", $"{word} probe failed: {output}", times);
        var enough = run.Failures >= Math.Max(1, probe.Int("failureThreshold"));
        if (member == "readinessProbe")
        {
            at.Run.Ready = at.Run.Ready && !enough;
        }
        else if (enough)
        {
            kill(at, $"Container {at.Run.Name} failed {word.ToLowerInvariant()} probe, will be restarted");
            return false;
        }

        return true;
    }

    private void Succeed(Place at, string member)
    {
        if (member == "readinessProbe")
        {
            at.Run.Ready = true;
        }
        else if (member == "startupProbe")
        {
            at.Run.Started = true;
            at.Run.Ready = at.Spec["readinessProbe"] is null;
            foreach (var (name, other) in at.Run.Probes)
            {
                if (name != "startupProbe" && other.Next < context.Now)
                {
                    other.Next = context.Now;
                }
            }
        }
    }
}
