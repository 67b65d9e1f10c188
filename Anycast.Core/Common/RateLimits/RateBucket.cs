namespace Anycast.Core.Common.RateLimits;

/// <summary>How often something was tried in the current window. The key is a hash: it holds no address in clear.</summary>
public sealed class RateBucket
{
    [Classified(DataClass.Technical)]
    public string Key { get; set; } = "";

    [Classified(DataClass.Technical)]
    public int Count { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset ResetsAt { get; set; }
}
