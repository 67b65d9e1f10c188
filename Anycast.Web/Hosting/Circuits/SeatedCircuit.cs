namespace Anycast.Web.Hosting.Circuits;

/// <summary>Gives a circuit's seat back when the circuit's services are disposed, however it ended. Nothing to do in the scope of a request.</summary>
internal sealed class SeatedCircuit : IDisposable
{
    private readonly CircuitSeat? _seat = CircuitSeat.Opening.Value;

    public void Dispose() => _seat?.Dispose();
}
