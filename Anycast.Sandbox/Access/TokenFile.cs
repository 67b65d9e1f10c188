using System.Text;
using Anycast.Sandbox.Serving;

namespace Anycast.Sandbox.Access;

/// <summary>Keeps the two bearer tokens between starts, so that a kubeconfig written once stays good.</summary>
internal static class TokenFile
{
    public static Tokens Load(string? directory)
    {
        if (directory is null)
        {
            return new Tokens(Tokens.New(), Tokens.New());
        }

        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "tokens");
        var lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        if (lines.Length < 2)
        {
            lines = [Tokens.New(), Tokens.New()];
            PrivateFile.Write(path, Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        }

        return new Tokens(lines[0], lines[1]);
    }
}
