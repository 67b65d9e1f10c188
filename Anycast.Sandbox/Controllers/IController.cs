using Anycast.Sandbox.Kubelet;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>
/// A state machine that brings objects from what is to what is wanted. It knows kinds and rules, never a workload by name.
/// Looks are short and run one after the other on one thread.
/// </summary>
internal interface IController
{
    /// <summary>Called once the clock stands where history begins.</summary>
    void Begin()
    {
    }

    /// <summary>Called when the clock becomes the real one.</summary>
    void GoLive()
    {
    }

    /// <summary>Notes which objects a change makes worth a look. Called under the store's lock.</summary>
    void Observe(Change change);

    /// <summary>Looks at one object and takes the next step.</summary>
    void Reconcile(ObjectKey key);
}

/// <summary>What controllers work with.</summary>
internal sealed record ControllerContext(ResourceWriter Writer, SimulatedTime Time, WorkQueue Queue, EventRecorder Events, World World, CanaryMint Canaries)
{
    public ObjectStore Store => Writer.Store;

    public DateTimeOffset Now => Time.Now;
}
