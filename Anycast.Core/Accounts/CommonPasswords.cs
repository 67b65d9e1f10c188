namespace Anycast.Core.Accounts;

/// <summary>
/// Passwords that guessers try first: the frequency list of zxcvbn (MIT), entries of eight characters and more, embedded, so that it works
/// offline. What people make of one to reach a length is found too: numbers or marks around it, or the same word twice.
/// </summary>
internal static class CommonPasswords
{
    private const int LongestDressedUp = 24;
    private static readonly Lazy<HashSet<string>> s_list = new(Read);

    // Too short for the list, and yet what most people begin with before they add a year and a mark.
    private static readonly HashSet<string> s_words = new(StringComparer.Ordinal)
    {
        "anycast", "k8s", "admin", "root", "login", "welcome", "secret", "summer", "winter", "spring", "autumn", "monday", "friday", "hello", "master", "dragon", "monkey", "qwerty", "qwertz", "letmein", "test",
        "changeme", "football", "hallo", "sommer", "herbst", "frühling", "fruehling", "geheim", "montag", "freitag", "schatz", "passwort", "password", "kennwort", "berlin", "hamburg", "münchen", "muenchen",
        "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december", "januar", "februar", "märz", "maerz", "juni", "juli", "oktober", "dezember", "kubernetes",
    };

    public static int Count => s_list.Value.Count;

    /// <summary>Whether a password, in lower case, is one of them or made of one.</summary>
    public static bool Contains(string lower) =>
        s_list.Value.Contains(lower)
        || s_list.Value.Contains(lower.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '!', '?', '.', '#', '*', '-', '_', '+', '$'))
        || (lower.Length <= LongestDressedUp && (IsWordDressedUp(lower) || IsRepeated(lower)));

    private static bool IsWordDressedUp(string lower)
    {
        var first = 0;
        var end = lower.Length;
        while (first < end && !char.IsLetter(lower[first]))
        {
            first++;
        }

        while (end > first && !char.IsLetter(lower[end - 1]))
        {
            end--;
        }

        return s_words.Contains(lower[first..end]) || s_list.Value.Contains(lower[first..end]);
    }

    private static bool IsRepeated(string lower)
    {
        var words = lower.Split([.. lower.Where(c => !char.IsLetterOrDigit(c)).Distinct()], StringSplitOptions.RemoveEmptyEntries);
        return (words.Length > 1 && words.Distinct().Count() == 1) || (lower.Length % 2 == 0 && lower[..(lower.Length / 2)] == lower[(lower.Length / 2)..]);
    }

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
