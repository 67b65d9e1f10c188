using System.Text.Json.Nodes;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>
/// The kubelets of all nodes: brings up the containers of bound pods and keeps their status. What happens follows from the pod's
/// spec, the objects it names and the world table alone.
/// </summary>
internal sealed class PodWorker : IController
{
    private readonly ControllerContext _context;
    private readonly ContainerWorker _containers;
    private readonly Dictionary<ObjectKey, PodRun> _runs = [];
    private readonly HashSet<ObjectKey> _waitingForObjects = [];
    private readonly Lock _gate = new();
    private int _nextIp;

    public PodWorker(ControllerContext context)
    {
        _context = context;
        _containers = new ContainerWorker(context);
    }

    public void Observe(Change change)
    {
        var kind = change.Object.Kind;
        if (kind == BuiltIn.Pod)
        {
            if (change.Object.Pod!.NodeName.Length > 0 && !IsOwnStatus(change))
            {
                _context.Queue.Add(this, change.Object.Key);
            }
        }
        else if (kind == BuiltIn.Secret || kind == BuiltIn.ConfigMap)
        {
            lock (_gate)
            {
                foreach (var key in _waitingForObjects.Where(k => k.Namespace == change.Object.Namespace))
                {
                    _context.Queue.Add(this, key, _context.Time.Scaled(0.3));
                }
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        var pod = _context.Store.Find(BuiltIn.Pod, key);
        if (pod is null || pod.Pod!.Finished)
        {
            _runs.Remove(key);
            Waits(key, false);
            if (pod is { Deleting: true })
            {
                _context.Store.Remove(BuiltIn.Pod, key);
            }

            return;
        }

        if (pod.Deleting)
        {
            Terminate(pod);
            return;
        }

        var now = _context.Now;
        var run = _runs.TryGetValue(key, out var known) && known.Uid == pod.Uid ? known : _runs[key] = new PodRun(pod, now);
        if (run.Adopted)
        {
            // It was there, running, before the kubelet began: nothing is to be done until its spec changes.
            return;
        }

        var next = Advance(pod, run, now);
        _context.Store.Mutate(BuiltIn.Pod, key, p => PodStatus.Write(p, run, now), new WriteBy("kubelet", WritePart.Status));
        if (next is { } due)
        {
            _context.Queue.Add(this, key, due > now ? due - now : TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>The kubelet's own status writes give it nothing new to do.</summary>
    private static bool IsOwnStatus(Change change) =>
        change.Type == ChangeType.Modified
        && change.Part == WritePart.Status
        && change.Previous!.Pod!.Finished == change.Object.Pod!.Finished;

    private DateTimeOffset? Advance(StoredObject pod, PodRun run, DateTimeOffset now)
    {
        if (References.MissingVolume(_context.Store, pod.Json) is var (volume, why))
        {
            Waits(pod.Key, true);
            _context.Events.Warning(pod, "FailedMount", $"MountVolume.SetUp failed for volume \"{volume}\" : {why}", "kubelet", pod.Pod!.NodeName);
            return now + _context.Time.Scaled(60);
        }

        if (run.Ip.Length == 0)
        {
            var number = ++_nextIp;
            run.Ip = $"10.244.{1 + (number / 250 % 250)}.{2 + (number % 250)}";
            _containers.NotePullSecrets(pod);
        }

        DateTimeOffset? next = null;
        var inits = pod.Json.Items("spec", "initContainers").ToList();
        foreach (var container in inits)
        {
            var init = run.Of(container);
            next = Earlier(next, _containers.Advance(pod, run, container, init, isInit: true));
            if (init.Final is not { Code: 0 })
            {
                Waits(pod.Key, run.All.Any(c => c.State == RunState.ConfigError));
                return next;
            }
        }

        run.Initialized = true;
        foreach (var container in pod.Json.Items("spec", "containers"))
        {
            next = Earlier(next, _containers.Advance(pod, run, container, run.Of(container), isInit: false));
        }

        Waits(pod.Key, run.All.Any(c => c.State == RunState.ConfigError));
        return next;
    }

    private void Terminate(StoredObject pod)
    {
        var run = _runs.GetValueOrDefault(pod.Key);
        if (run is { Ending: null })
        {
            foreach (var container in run.All.Where(c => c.State == RunState.Running))
            {
                _context.Events.Normal(pod, "Killing", $"Stopping container {container.Name}", "kubelet", pod.Pod!.NodeName, $"spec.containers{{{container.Name}}}");
            }

            run.Ending = _context.Now + _context.Time.Scaled(0.3);
        }

        if (run?.Ending is { } ending && ending > _context.Now)
        {
            _context.Queue.Add(this, pod.Key, ending - _context.Now);
            return;
        }

        if (!pod.Json.Strings("metadata", "finalizers").Any())
        {
            _runs.Remove(pod.Key);
            _context.Store.Remove(BuiltIn.Pod, pod.Key);
        }
    }

    private void Waits(ObjectKey key, bool waits)
    {
        lock (_gate)
        {
            if (waits)
            {
                _waitingForObjects.Add(key);
            }
            else
            {
                _waitingForObjects.Remove(key);
            }
        }
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right ?? left : left;
}

/// <summary>What a kubelet remembers of one pod.</summary>
internal sealed class PodRun
{
    private readonly Dictionary<string, ContainerRun> _containers = new(StringComparer.Ordinal);

    public PodRun(StoredObject pod, DateTimeOffset now)
    {
        Uid = pod.Uid;
        StartTime = now;
        Adopted = pod.Pod!.Phase == "Running";
        Ip = pod.Json.Str("status", "podIP");
    }

    public string Uid { get; }

    /// <summary>True for a pod that already ran when the kubelet first saw it.</summary>
    public bool Adopted { get; }

    public DateTimeOffset StartTime { get; }

    public string Ip { get; set; }

    public bool Initialized { get; set; }

    public DateTimeOffset? Ending { get; set; }

    public IEnumerable<ContainerRun> All => _containers.Values;

    public ContainerRun Of(JsonObject container)
    {
        var name = container.Str("name");
        return _containers.TryGetValue(name, out var run) ? run : _containers[name] = new ContainerRun(name);
    }

    public ContainerRun? Find(string name) => _containers.GetValueOrDefault(name);
}
