namespace Anycast.Core.Accounts;

/// <summary>
/// Passwords that guessers try first: the frequency list of zxcvbn (MIT), entries of eight characters and more, embedded, so that it works
/// offline. What people make of one to reach a length is found too: a number or a mark behind it, or the same word twice.
/// </summary>
internal static class CommonPasswords
{
    private static readonly Lazy<HashSet<string>> s_list = new(Read);

    public static int Count => s_list.Value.Count;

    /// <summary>Whether a password, in lower case, is one of them or made of one.</summary>
    public static bool Contains(string lower) =>
        s_list.Value.Contains(lower)
        || s_list.Value.Contains(lower.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '!', '?', '.', '#', '*', '-', '_', '+', '$'))
        || (lower.Length % 2 == 0 && lower[..(lower.Length / 2)] == lower[(lower.Length / 2)..] && lower.Length <= 24);

    private static HashSet<string> Read()
    {
        using var stream = typeof(CommonPasswords).Assembly.GetManifestResourceStream("Anycast.Core.Accounts.common-passwords.txt")
            ?? throw new InvalidOperationException("The list of common passwords is not in the assembly.");
        using var reader = new StreamReader(stream);
        var list = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            list.Add(line);
        }

        return list;
    }
}
