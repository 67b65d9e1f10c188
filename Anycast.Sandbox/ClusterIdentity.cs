using System.Text;
using Anycast.Sandbox.Serving;

namespace Anycast.Sandbox;

/// <summary>Keeps the cluster's uid between starts: what enrolled with this cluster finds the same one again.</summary>
internal static class ClusterIdentity
{
    public static string Load(string? directory)
    {
        if (directory is null)
        {
            return Guid.NewGuid().ToString();
        }

        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "uid");
        if (!File.Exists(path) || !Guid.TryParse(File.ReadAllText(path), out var uid))
        {
            uid = Guid.NewGuid();
            PrivateFile.Write(path, Encoding.UTF8.GetBytes(uid + "\n"));
        }

        return uid.ToString();
    }
}
