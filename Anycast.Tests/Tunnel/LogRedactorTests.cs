using System.Text;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Logs;

namespace Anycast.Tests.Tunnel;

/// <summary>What of a log may leave a cluster, once its customer has opted in.</summary>
public sealed class LogRedactorTests
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

    public static TheoryData<string> Secrets =>
    [
        $"authorization: Bearer {Jwt}",
        "connecting to postgres://app:hunter2hunter2@db.internal:5432/shop",
        "password=correct-horse-battery",
        "AWS key AKIAIOSFODNN7EXAMPLE was used",
        $"\u001b[31mtoken\u001b[0m {Jwt}",
        "pass\u200bword=correct-horse-battery",
        "ｐａｓｓｗｏｒｄ=correct-horse-battery",
    ];

    [Theory]
    [MemberData(nameof(Secrets))]
    [PolicyClause("S07")]
    public void Redact_OfALineWithASecret_WithholdsTheLineAndNoOther(string line)
    {
        var text = LogRedactor.Redact(Encoding.UTF8.GetBytes($"before\n{line}\nafter\n"));

        Assert.Equal(["before", $"«withheld:{line.Length}»", "after"], text.Lines);
        Assert.Equal(1, text.Withheld);
    }

    [Fact]
    public void Redact_OfOrdinaryLines_LeavesThem()
    {
        string[] lines = ["2026-11-24T09:00:00Z level=info msg=\"listening on :8080\"", "GET /healthz 200 3ms", "panic: runtime error: index out of range [3] with length 3", "  at Shop.Cart.Add(Item item)", ""];

        var text = LogRedactor.Redact(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

        Assert.Equal(lines, text.Lines);
        Assert.Equal((0, false), (text.Withheld, text.Cut));
    }

    [Fact]
    [PolicyClause("S07")]
    public void Redact_OfAKeyOverManyLines_WithholdsAllOfIt()
    {
        string[] key = ["-----BEGIN RSA PRIVATE KEY-----", "short", "lines", "-----END RSA PRIVATE KEY-----"];

        var text = LogRedactor.Redact(Encoding.UTF8.GetBytes($"before\n{string.Join('\n', key)}\nafter\n"));

        Assert.Equal(["before", .. key.Select(l => $"«withheld:{l.Length}»"), "after"], text.Lines);
    }

    [Fact]
    public void Redact_OfMoreThanTheBounds_KeepsTheLastLinesAndSaysSo()
    {
        var text = LogRedactor.Redact(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 600).Select(i => $"line {i}\n"))));

        Assert.Equal((LogRedactor.MostLines, "line 599", true), (text.Lines.Count, text.Lines[^1], text.Cut));
    }

    [Fact]
    [PolicyClause("S07")]
    public void Redact_OfALineThatIsCutOff_LeavesNoPartOfIt()
    {
        var whole = new string('x', LogRedactor.MostBytes - 40) + "\npassword=correct-horse-battery-staple-and-more\n";

        var text = LogRedactor.Redact(Encoding.UTF8.GetBytes(whole));

        Assert.True(text.Cut);
        Assert.DoesNotContain(text.Lines, l => l.Contains("correct", StringComparison.Ordinal));
    }

    [Fact]
    [PolicyClause("S07")]
    public void Check_OfWhatAnAgentLetThrough_WithholdsAndCountsIt()
    {
        var honest = LogRedactor.Redact(Encoding.UTF8.GetBytes($"fine\ntoken={Jwt}\n"));
        Assert.Equal(0, LogRedactor.Check(honest).Differences);

        var leaky = new LogText(["fine", $"token={Jwt}", honest.Lines[1]], 1, false);
        var (text, differences) = LogRedactor.Check(leaky);

        Assert.Equal(1, differences);
        Assert.DoesNotContain(text.Lines, l => l.Contains(Jwt, StringComparison.Ordinal));
        Assert.Equal("fine", text.Lines[0]);
    }
}
