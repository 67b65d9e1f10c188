using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>One container's way: pull, create, run, end, back off, again; with the events a kubelet writes.</summary>
internal sealed class ContainerWorker(ControllerContext context)
{
    private const double PullSeconds = 0.25;
    private const double StartSeconds = 0.1;
    private const double OutOfMemorySeconds = 4;

    private readonly HashSet<(string Node, string Image)> _present = [];
    private readonly ProbeWorker _probes = new(context);
    private int _nextId;

    /// <summary>Takes all steps that are due; the result is when to look again.</summary>
    public DateTimeOffset? Advance(StoredObject pod, PodRun podRun, JsonObject spec, ContainerRun run, bool isInit)
    {
        if (run.Image.Length > 0 && run.Image != spec.Str("image") && run.State != RunState.Done)
        {
            ImageChanged(pod, spec, run);
        }

        var at = new Place(pod, podRun, spec, run, isInit);
        for (var steps = 0; steps < 20; steps++)
        {
            var before = run.State;
            Step(at);
            if (run.State == before)
            {
                break;
            }
        }

        return run.State == RunState.Running ? Earliest(run.Exit?.At, _probes.Advance(at, Kill)) ?? (run.State == RunState.Running ? null : run.Next) : run.Next;
    }

    /// <summary>Says when pull secrets that the pod names are not there.</summary>
    public void NotePullSecrets(StoredObject pod)
    {
        var missing = pod.Json.Items("spec", "imagePullSecrets").Select(s => s.Str("name")).Where(n => context.Store.Find(BuiltIn.Secret, pod.Namespace, n) is null).ToList();
        if (missing.Count > 0)
        {
            context.Events.Warning(pod, "FailedToRetrieveImagePullSecret", $"Unable to retrieve some image pull secrets ({string.Join(", ", missing)}); attempting to pull the image may not succeed.", "kubelet", pod.Pod!.NodeName);
        }
    }

    private void Step(Place at)
    {
        var run = at.Run;
        if (run.Next is { } due && due > context.Now)
        {
            if (run.State != RunState.Running)
            {
                return;
            }
        }

        switch (run.State)
        {
            case RunState.New:
                BeginPull(at);
                break;
            case RunState.Pulling:
                EndPull(at);
                break;
            case RunState.PullFailed:
                PullBackOff(at);
                break;
            case RunState.PullBackOff:
                ContinueBackOff(at);
                break;
            case RunState.ConfigError:
                Create(at);
                break;
            case RunState.CrashBackOff:
                run.State = RunState.New;
                run.Next = null;
                break;
            case RunState.Running when run.Exit is { } exit && exit.At <= context.Now:
                End(at, exit.Code, exit.Reason);
                break;
        }
    }

    private void BeginPull(Place at)
    {
        var image = at.Spec.Str("image");
        at.Run.Image = image;
        if (!World.IsReference(image))
        {
            at.Run.State = RunState.BadName;
            at.Run.Message = $"Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference format";
            at.Run.Next = null;
            at.Warning(context, "InspectFailed", at.Run.Message);
            at.Warning(context, "Failed", "Error: InvalidImageName");
            return;
        }

        if (at.Spec.Str("imagePullPolicy") != "Always" && _present.Contains((at.Node, image)))
        {
            at.Run.Facts = context.World.Find(image).Image;
            at.Normal(context, "Pulled", $"Container image \"{image}\" already present on machine");
            Create(at);
            return;
        }

        at.Normal(context, "Pulling", $"Pulling image \"{image}\"");
        at.Run.State = RunState.Pulling;
        at.Run.PullStarted = context.Now;
        at.Run.Next = context.Now + context.Time.Scaled(PullSeconds);
    }

    private void EndPull(Place at)
    {
        var image = at.Run.Image;
        var (facts, error) = context.World.Find(image);
        if (facts is null)
        {
            at.Run.ImageFailures++;
            at.Run.Message = error!;
            at.Run.State = RunState.PullFailed;
            at.Run.PullDelay = ContainerRun.Longer(at.Run.PullDelay);
            at.Run.PullDue = context.Now + context.Time.Scaled(at.Run.PullDelay);
            at.Run.Next = context.Now + context.Time.Scaled(1);
            at.Warning(context, "Failed", $"Failed to pull image \"{image}\": {error}");
            at.Warning(context, "Failed", "Error: ErrImagePull");
            return;
        }

        var took = (int)((context.Now - at.Run.PullStarted!.Value).TotalMilliseconds + 1);
        _present.Add((at.Node, image));
        at.Run.Facts = facts;
        at.Run.PullDelay = TimeSpan.Zero;
        at.Normal(context, "Pulled", string.Create(CultureInfo.InvariantCulture, $"Successfully pulled image \"{image}\" in {took}ms ({took}ms including waiting). Image size: {facts.SizeBytes} bytes."));
        Create(at);
    }

    private void PullBackOff(Place at)
    {
        at.Normal(context, "BackOff", $"Back-off pulling image \"{at.Run.Image}\"");
        at.Warning(context, "Failed", "Error: ImagePullBackOff");
        at.Run.State = RunState.PullBackOff;
        at.Run.Next = Sooner(at.Run.PullDue!.Value, context.Now + context.Time.Scaled(15));
    }

    private void ContinueBackOff(Place at)
    {
        if (at.Run.PullDue <= context.Now)
        {
            at.Run.State = RunState.New;
            at.Run.Next = null;
            return;
        }

        // Every look of the kubelet says so again.
        at.Normal(context, "BackOff", $"Back-off pulling image \"{at.Run.Image}\"");
        at.Run.Next = Sooner(at.Run.PullDue!.Value, context.Now + (context.Time.Scaled(15) * context.Time.Bundle));
    }

    private void Create(Place at)
    {
        var run = at.Run;
        if (References.MissingEnvironment(context.Store, at.Pod.Namespace, at.Spec) is { } missing)
        {
            run.State = RunState.ConfigError;
            run.Message = missing;
            run.Next = context.Now + (context.Time.Scaled(10) * context.Time.Bundle);
            at.Warning(context, "Failed", $"Error: {missing}", context.Time.Bundle);
            return;
        }

        at.Normal(context, "Created", $"Created container: {run.Name}");
        at.Normal(context, "Started", $"Started container {run.Name}");
        run.State = RunState.Running;
        run.Next = null;
        run.Message = "";
        run.StartedAt = context.Now;
        run.ContainerId = $"containerd://{PodStatus.Hex($"{at.Pod.Uid}/{run.Name}/{++_nextId}")}";
        run.Exit = ExitOf(at);
        _probes.Begin(at);
    }

    /// <summary>Whether and how the process ends by itself: killed for memory, short of a setting, or by its nature.</summary>
    private (DateTimeOffset At, int Code, string Reason)? ExitOf(Place at)
    {
        var facts = at.Run.Facts!;
        var limit = Quantity.Units(at.Spec.Str("resources", "limits", "memory"));
        if (limit > 0 && facts.MemoryBytes > limit)
        {
            return (context.Now + context.Time.Scaled(OutOfMemorySeconds), 137, "OOMKilled");
        }

        var names = at.Spec.Items("env").Select(e => e.Str("name")).ToHashSet(StringComparer.Ordinal);
        if (at.Spec.Items("envFrom").FirstOrDefault() is null && facts.Requires.Any(r => !names.Contains(r)))
        {
            return (context.Now + context.Time.Scaled(1), 1, "Error");
        }

        if (facts.ExitAfterSeconds is { } seconds)
        {
            return (context.Now + context.Time.Scaled(seconds + StartSeconds), facts.ExitCode, facts.ExitCode == 0 ? "Completed" : "Error");
        }

        // A server image in an init container or a Job would never end: its command decides, and all such commands are quick.
        return at.IsInit ? (context.Now + context.Time.Scaled(0.2), 0, "Completed") : null;
    }

    private void Kill(Place at, string why)
    {
        at.Normal(context, "Killing", why);
        End(at, 143, "Error");
    }

    private void End(Place at, int code, string reason)
    {
        var run = at.Run;
        var message = code is not 0 and not 137 ? $"fatal: stopped with code {code} token={context.Canaries.Mint("termination", $"{at.Pod.Namespace}/{run.Name}/{run.Image}")}" : "";
        var ended = new Ended(code, reason, message, run.StartedAt, context.Now, run.ContainerId);
        run.Ready = false;
        run.Started = false;
        run.Probes.Clear();
        run.Exit = null;
        var policy = at.Pod.Json.Str("spec", "restartPolicy");
        if ((at.IsInit && code == 0) || (!at.IsInit && (policy == "Never" || (policy == "OnFailure" && code == 0))) || (at.IsInit && policy == "Never"))
        {
            run.State = RunState.Done;
            run.Final = ended;
            run.Next = null;
            return;
        }

        run.Last = ended;
        run.Restarts++;
        if (context.Now - run.StartedAt > TimeSpan.FromMinutes(10))
        {
            run.CrashDelay = TimeSpan.Zero;
        }

        if (run.Restarts == 1 && run.CrashDelay == TimeSpan.Zero)
        {
            // The first restart comes at once; from then on it takes longer each time.
            run.CrashDelay = TimeSpan.FromSeconds(5);
            run.State = RunState.New;
            run.Next = context.Now + context.Time.Scaled(0.5);
            return;
        }

        run.CrashDelay = run.CrashDelay == TimeSpan.FromSeconds(5) ? TimeSpan.FromSeconds(10) : ContainerRun.Longer(run.CrashDelay);
        run.State = RunState.CrashBackOff;
        run.Next = context.Now + context.Time.Scaled(run.CrashDelay);
        run.Message = $"back-off {Go(run.CrashDelay)} restarting failed container={run.Name} pod={at.Pod.Name}_{at.Pod.Namespace}({at.Pod.Uid})";
        at.Warning(context, "BackOff", $"Back-off restarting failed container {run.Name} in pod {at.Pod.Name}_{at.Pod.Namespace}({at.Pod.Uid})");
    }

    private void ImageChanged(StoredObject pod, JsonObject spec, ContainerRun run)
    {
        if (run.State == RunState.Running)
        {
            context.Events.Normal(pod, "Killing", $"Container {run.Name} definition changed, will be restarted", "kubelet", pod.Pod!.NodeName, $"spec.containers{{{run.Name}}}");
            run.Last = new Ended(0, "Completed", "", run.StartedAt, context.Now, run.ContainerId);
            run.Restarts++;
        }

        run.State = RunState.New;
        run.Next = null;
        run.Exit = null;
        run.Ready = false;
        run.PullDelay = TimeSpan.Zero;
        run.CrashDelay = TimeSpan.Zero;
        run.Image = spec.Str("image");
    }

    /// <summary>A duration as Go prints it: 40s, 2m40s, 5m0s.</summary>
    private static string Go(TimeSpan time) => time.TotalMinutes >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes}m{time.Seconds}s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds}s");

    private static DateTimeOffset Sooner(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;

    private static DateTimeOffset? Earliest(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right ?? left : left;
}

/// <summary>One container in its pod, for one look.</summary>
internal sealed record Place(StoredObject Pod, PodRun PodRun, JsonObject Spec, ContainerRun Run, bool IsInit)
{
    public string Node => Pod.Pod!.NodeName;

    public string FieldPath => $"spec.{(IsInit ? "initContainers" : "containers")}{{{Run.Name}}}";

    public void Normal(ControllerContext context, string reason, string message) => context.Events.Normal(Pod, reason, message, "kubelet", Node, FieldPath);

    public void Warning(ControllerContext context, string reason, string message, int times = 1) =>
        context.Events.Warning(Pod, reason, message, "kubelet", Node, FieldPath, times);
}
