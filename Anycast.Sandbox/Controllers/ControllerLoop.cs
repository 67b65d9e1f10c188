using System.Collections.Concurrent;
using Anycast.Sandbox.Kubelet;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Runs all controllers on one thread: in jumps through the past while the cluster is prepared, then by the clock.</summary>
internal sealed class ControllerLoop : IAsyncDisposable
{
    private const int KeptErrors = 100;

    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(5);

    private readonly ControllerContext _context;
    private readonly IReadOnlyList<IController> _controllers;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly ConcurrentQueue<string> _errors = new();
    private Task? _running;

    private ControllerLoop(ControllerContext context, IReadOnlyList<IController> controllers)
    {
        _context = context;
        _controllers = controllers;
        context.Queue.Added += Wake;
    }

    /// <summary>Failures of controllers that are bugs, latest last; tests expect none.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    public static ControllerLoop Create(ResourceWriter writer, SimulatedTime time, CanaryMint canaries)
    {
        var queue = new WorkQueue(time);
        var events = new EventRecorder(writer.Store, time);
        var context = new ControllerContext(writer, time, queue, events, World.Load(), canaries);
        return new ControllerLoop(context, [.. All(context)]);
    }

    /// <summary>Begins to note changes; what was loaded before stays untouched until it changes.</summary>
    public void Listen()
    {
        _context.Store.Changed += Hear;
        foreach (var controller in _controllers)
        {
            controller.Begin();
        }
    }

    /// <summary>Until disposed, changes go unnoticed: what is written then is finished already.</summary>
    public IDisposable Deaf()
    {
        _context.Store.Changed -= Hear;
        return new Hearing(this);
    }

    /// <summary>Works through everything due until an instant of the past, the clock jumping along.</summary>
    public void RunUntil(DateTimeOffset end)
    {
        while (_context.Queue.TryTake(end, out var item, out var due))
        {
            if (due > _context.Time.Now)
            {
                _context.Time.TravelTo(due);
            }

            Look(item);
        }

        _context.Time.TravelTo(end);
    }

    public void Start()
    {
        foreach (var controller in _controllers)
        {
            controller.GoLive();
        }

        _running = Task.Run(() => RunAsync(_stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null)
        {
            await _running;
        }

        _context.Queue.Added -= Wake;
        _stop.Dispose();
        _wake.Dispose();
    }

    private void Hear(Change change)
    {
        foreach (var controller in _controllers)
        {
            controller.Observe(change);
        }
    }

    private static IEnumerable<IController> All(ControllerContext context) =>
    [
        new DeploymentController(context),
        new ReplicaSetController(context),
        new StatefulSetController(context),
        new DaemonSetController(context),
        new JobController(context),
        new CronJobController(context),
        new Scheduler(context),
        new PodWorker(context),
        new EndpointsController(context),
        new VolumeController(context),
        new AutoscalerController(context),
        new BudgetController(context),
        new QuotaController(context),
        new BalancerController(context),
        new HeartbeatController(context),
        new GarbageCollector(context),
        new NamespaceController(context),
        new EventExpiry(context),
    ];

    private async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var steps = 0;
            while (_context.Queue.TryTake(_context.Now, out var item, out _))
            {
                Look(item);
                if (++steps % 64 == 0)
                {
                    // Requests share this machine's cores: let them in between.
                    await Task.Yield();
                }

                if (ct.IsCancellationRequested)
                {
                    return;
                }
            }

            try
            {
                await SleepAsync(ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task SleepAsync(CancellationToken ct)
    {
        var wait = _context.Queue.NextDue is { } due ? due - _context.Now : TimeSpan.FromSeconds(30);
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var pause = Task.Delay(wait > TimeSpan.FromSeconds(30) ? TimeSpan.FromSeconds(30) : wait, _context.Time.Clock, either.Token);
        var woken = _wake.WaitAsync(either.Token);
        await Task.WhenAny(pause, woken);
        await either.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private void Look(WorkItem item)
    {
        try
        {
            item.Controller.Reconcile(item.Key);
        }
        catch (ApiException)
        {
            // Refused (quota, conflict, a namespace going away): later again, as every controller does.
            _context.Queue.Add(item.Controller, item.Key, _retry);
        }
#pragma warning disable CA1031 // One object that a controller cannot handle must not stop the cluster; tests read the errors.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _errors.Enqueue($"{item.Controller.GetType().Name} {item.Key}: {e}");
            if (_errors.Count > KeptErrors)
            {
                _errors.TryDequeue(out _);
            }
        }
    }

    private sealed class Hearing(ControllerLoop loop) : IDisposable
    {
        public void Dispose() => loop._context.Store.Changed += loop.Hear;
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (SemaphoreFullException)
            {
                // Someone else woke it at the same moment.
            }
        }
    }
}
