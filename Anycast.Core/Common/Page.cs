namespace Anycast.Core.Common;

/// <summary>Which part of a list is wanted. Size is held between 1 and <see cref="MaxSize"/>: every list is bounded.</summary>
public sealed record PageRequest
{
    public const int MaxSize = 200;

    public PageRequest(int number = 1, int size = 50)
    {
        Number = Math.Max(1, number);
        Size = Math.Clamp(size, 1, MaxSize);
    }

    /// <summary>First page is 1.</summary>
    public int Number { get; }

    public int Size { get; }

    public int Skip => (Number - 1) * Size;
}

/// <summary>One page of a list.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, int Total, PageRequest Request)
{
    public int Pages => Math.Max(1, (Total + Request.Size - 1) / Request.Size);
}
