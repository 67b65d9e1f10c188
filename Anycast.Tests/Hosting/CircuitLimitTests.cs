using System.Diagnostics;
using Anycast.Tests.Harness;
using Anycast.Tests.Harness.Circuits;
using Anycast.Web.Hosting.Circuits;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Hosting;

/// <summary>What one person's browsers may ask of the service (T13): over the real hub, by a client that keeps to no rule.</summary>
public sealed class CircuitLimitTests
{
    [Fact]
    public async Task Circuits_OfOnePerson_AreTenAndTheNextOneIsRefusedUntilOneEnds()
    {
        await using var site = await CircuitSite.StartAsync(new() { ["Anycast:Circuits:WaitForSeat"] = "00:00:00.3" });
        var (ada, grace) = (await site.PersonAsync(), await site.PersonAsync());
        var open = new List<RawCircuit>();
        try
        {
            for (var i = 0; i < 10; i++)
            {
                open.Add(await site.OpenAsync("/me/profile", ada.Cookie));
            }

            Assert.All(open, c => Assert.True(c.IsOpen, c.Error));
            await using var eleventh = await site.OpenAsync("/me/profile", ada.Cookie);
            Assert.False(eleventh.IsOpen);
            Assert.NotNull(eleventh.Error);
            Assert.Contains("true", await site.TextAsync("/account/tabs", ada.Cookie), StringComparison.Ordinal);

            // Nobody else is touched.
            await using var others = await site.OpenAsync("/me/profile", grace.Cookie);
            Assert.True(others.IsOpen);
            Assert.Contains("false", await site.TextAsync("/account/tabs", grace.Cookie), StringComparison.Ordinal);

            // One ends, and its place is free; one and no more.
            await open[4].CloseTabAsync(site.Client, site.Address);
            await Eventually.TrueAsync(async () => (await site.TextAsync("/account/tabs", ada.Cookie)).Contains("false", StringComparison.Ordinal), "a place is free");
            open.Add(await site.OpenAsync("/me/profile", ada.Cookie));
            Assert.True(open[^1].IsOpen);
            await using var again = await site.OpenAsync("/me/profile", ada.Cookie);
            Assert.False(again.IsOpen);
        }
        finally
        {
            foreach (var circuit in open)
            {
                await circuit.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Circuit_ThatWaitsForASeat_GetsTheOneThatIsGivenBack()
    {
        var seats = new CircuitSeats(TimeProvider.System);
        var first = await seats.TakeAsync("ada", 1, TimeSpan.Zero, default);
        Assert.Null(await seats.TakeAsync("ada", 1, TimeSpan.Zero, default));
        var waiting = seats.TakeAsync("ada", 1, TimeSpan.FromMinutes(1), default);
        Assert.False(waiting.IsCompleted);
        first!.Dispose();
        first.Dispose(); // Once is once.
        Assert.NotNull(await waiting);
        Assert.Equal(1, seats.Count("ada"));
    }

    [Fact]
    public async Task Seats_AskedForByManyAtOnce_AreAsManyAsThereAre()
    {
        var seats = new CircuitSeats(TimeProvider.System);
        var taken = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => seats.TakeAsync("ada", 10, TimeSpan.Zero, default))));
        Assert.Equal(10, taken.Count(t => t is not null));
        foreach (var seat in taken)
        {
            seat?.Dispose();
        }

        Assert.Equal(0, seats.Count("ada"));
    }

    [Fact]
    public void Pace_OfEvents_LetsABurstThroughAndThenAsManyAsAreDue()
    {
        var clock = new FakeTimeProvider();
        var pace = new EventPace(burst: 500, perSecond: 100, clock);
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(TimeSpan.Zero, pace.Take()));
        Assert.Equal(TimeSpan.FromMilliseconds(10), pace.Take());
        Assert.Equal(TimeSpan.FromMilliseconds(20), pace.Take());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.All(Enumerable.Range(0, 98), _ => Assert.Equal(TimeSpan.Zero, pace.Take()));
        Assert.NotEqual(TimeSpan.Zero, pace.Take());
        clock.Advance(TimeSpan.FromHours(1)); // A night saves up no more than the burst.
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(TimeSpan.Zero, pace.Take()));
        Assert.NotEqual(TimeSpan.Zero, pace.Take());
    }

    [Fact]
    public async Task Events_OverTheBurst_WaitForTheirTurnAndNoneIsLost()
    {
        await using var site = await CircuitSite.StartAsync(new() { ["Anycast:Circuits:EventBurst"] = "20", ["Anycast:Circuits:EventsPerSecond"] = "40" });
        var ada = await site.PersonAsync();
        await using var circuit = await site.OpenAsync("/me/profile", ada.Cookie);
        var began = Stopwatch.GetTimestamp();
        var answers = new List<Task<(bool Ok, string Result)>>();
        for (var i = 0; i < 100; i++)
        {
            answers.Add((await circuit.SendEventAsync(ulong.MaxValue / 2, "click")).Answer);
        }

        await Task.WhenAll(answers).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(1.5), "80 events at 40 a second take two seconds"); // load makes it longer, never shorter
        Assert.True(circuit.IsConnected);
    }

    [Fact]
    public async Task Message_LargerThan32KiB_EndsTheConnectionAndASmallerOneDoesNot()
    {
        await using var site = await CircuitSite.StartAsync();
        var ada = await site.PersonAsync();
        await using var circuit = await site.OpenAsync("/me/profile", ada.Cookie);
        var fits = await circuit.RaiseAsync(ulong.MaxValue / 2, "click", $"{{\"type\":\"{new string('a', 30_000)}\"}}");
        Assert.False(fits.Ok); // handled, and no handler of that number
        Assert.True(circuit.IsConnected);
        await circuit.SendEventAsync(ulong.MaxValue / 2, "click", $"{{\"type\":\"{new string('a', 33_000)}\"}}");
        await Eventually.TrueAsync(() => !circuit.IsConnected, "the connection is ended");
    }
}
