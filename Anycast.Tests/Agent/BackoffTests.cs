using Anycast.Agent.Connection;
using Anycast.Core.Agents;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Agent;

/// <summary>How a fleet of agents comes back after the service was away.</summary>
public sealed class BackoffTests
{
    private const int Fleet = 500;

    /// <summary>
    /// Full jitter from one second on, and a service that lets only so many in within a second: however long it was away, no second brings back more than
    /// 8 % of the fleet, and 99 % are back within 90 s.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(120)]
    public void Fleet_AfterARestart_ComesBackSpreadAndSoon(int awaySeconds)
    {
        var clock = new FakeTimeProvider();
        var gate = new ConnectGate(clock);
        var due = new PriorityQueue<Backoff, double>();
        for (var agent = 0; agent < Fleet; agent++)
        {
            var backoff = new Backoff(clock);
            due.Enqueue(backoff, backoff.Next().TotalSeconds);
        }

        var (now, attempts, back) = (0.0, 0, new List<double>());
        while (due.TryDequeue(out var backoff, out var at))
        {
            clock.Advance(TimeSpan.FromSeconds(at - now));
            now = at;
            attempts++;
            if (at >= awaySeconds && gate.TryPass())
            {
                back.Add(at - awaySeconds);
            }
            else
            {
                due.Enqueue(backoff, at + backoff.Next().TotalSeconds);
            }
        }

        Assert.Equal(Fleet, back.Count);
        var busiest = back.Max(s => back.Count(other => other >= s && other < s + 0.999));
        Assert.True(busiest <= Fleet * 0.08, $"{busiest} of {Fleet} in one second");
        Assert.True(back[(int)(Fleet * 0.99) - 1] <= 90, $"99 % are back after {back[(int)(Fleet * 0.99) - 1]:0} s");
        Assert.True(attempts < Fleet * 14, $"{attempts} attempts");
    }

    [Fact]
    public async Task Turns_OfThoseThatWaitedTogether_ComeOneAfterTheOther()
    {
        var clock = new FakeTimeProvider();
        var gate = new ConnectGate(clock);
        var turns = Enumerable.Range(0, Fleet).Select(_ => gate.TakeTurnAsync(TestContext.Current.CancellationToken)).ToList();
        Assert.Equal(1, turns.Count(t => t.IsCompleted));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(turns.Count(t => t.IsCompleted), 20, Fleet * 0.06);
        clock.Advance(TimeSpan.FromSeconds(Fleet));
        await Task.WhenAll(turns);
    }

    [Fact]
    public void Next_AfterAConnectionThatDidNotLast_GoesOnGrowing()
    {
        Assert.True(MeanAfter(TimeSpan.FromSeconds(59)) > TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Next_AfterAMinuteOfConnection_BeginsAnew()
    {
        Assert.True(MeanAfter(TimeSpan.FromSeconds(60)) < TimeSpan.FromSeconds(1));
    }

    /// <summary>The mean of the first wait after six failures and a connection of so long; full jitter makes it half of the most.</summary>
    private static TimeSpan MeanAfter(TimeSpan connected) => TimeSpan.FromSeconds(Enumerable.Range(0, 200).Average(_ =>
    {
        var clock = new FakeTimeProvider();
        clock.Advance(TimeSpan.FromSeconds(1));
        var backoff = new Backoff(clock);
        for (var failure = 0; failure < 6; failure++)
        {
            backoff.Next();
        }

        backoff.Connected();
        clock.Advance(connected);
        return backoff.Next().TotalSeconds;
    }));
}
