using Anycast.Agent.Connection;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Agent;

/// <summary>How a fleet of agents comes back after the service was away.</summary>
public sealed class BackoffTests
{
    private const int Fleet = 500;

    /// <summary>
    /// Full jitter from one second on: once the service was away for 15 s, no second sees more than 8 % of the fleet (a little more is left to chance
    /// here). After a shorter absence more of them meet it at once; the service answers those it can't take with "busy".
    /// </summary>
    [Theory]
    [InlineData(15)]
    [InlineData(30)]
    [InlineData(120)]
    public void Next_FleetAfterARestart_ComesBackSpreadAndSoon(int awaySeconds)
    {
        var back = new List<double>();
        var attempts = new List<double>();
        for (var agent = 0; agent < Fleet; agent++)
        {
            var backoff = new Backoff(TimeProvider.System);
            var at = 0.0;
            while (at < awaySeconds)
            {
                at += backoff.Next().TotalSeconds;
                attempts.Add(at);
            }

            back.Add(at - awaySeconds);
        }

        var busiest = back.GroupBy(s => (int)s).Max(s => s.Count());
        Assert.True(busiest <= Fleet * 0.11, $"{busiest} of {Fleet} in one second");
        Assert.True(back.Order().ElementAt((int)(Fleet * 0.99)) <= 90, "99 % are back within 90 s");
        Assert.True(attempts.Count < Fleet * 12, $"{attempts.Count} attempts");
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
