namespace Anycast.Core.Common;

/// <summary>Which part of a list is wanted. Size is held between 1 and <see cref="MaxSize"/>: every list is bounded.</summary>
public sealed record PageRequest
{
    public const int MaxSize = 200;

    public PageRequest(int number = 1, int size = 50)
    {
        Size = Math.Clamp(size, 1, MaxSize);
        Number = Math.Clamp(number, 1, int.MaxValue / MaxSize); // So that what is skipped is a number too.
    }

    /// <summary>First page is 1.</summary>
    public int Number { get; }

    public int Size { get; }

    public int Skip => (Number - 1) * Size;

    /// <summary>The same, or the last page there is: a number beyond the end, such as of a saved link, would show nothing.</summary>
    public PageRequest Within(int total) => Number <= PagesOf(total) ? this : new PageRequest(PagesOf(total), Size);

    internal int PagesOf(int total) => Math.Max(1, (int)(((long)total + Size - 1) / Size));
}

/// <summary>One page of a list.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, int Total, PageRequest Request)
{
    public int Pages => Request.PagesOf(Total);
}
