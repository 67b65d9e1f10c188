using System.Security.Cryptography;

namespace Anycast.Core.Common.Sealing;

/// <summary>
/// A key that wraps other keys; never in the database (DESIGN promise 7). <see cref="MasterKeys"/> holds those that are configured.
/// </summary>
public sealed class MasterKey
{
    private readonly byte[] _key;

    public MasterKey(byte[] key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, 32, nameof(key));
        _key = key;

        // Derived, so that it tells nothing of the key; stands beside what the key wrapped, in logs and on the operators' page.
        Id = Convert.ToHexStringLower(Derive("key-id").AsSpan(0, 8));
    }

    /// <summary>Names the key without telling it: 16 hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>Reads a configured key; <paramref name="name"/> is the setting or file it comes from.</summary>
    /// <exception cref="ConfigurationException">It is not 32 bytes in base64.</exception>
    public static MasterKey FromConfiguration(string base64, string name = "Anycast:MasterKey")
    {
        var bytes = new byte[33];
        return Convert.TryFromBase64String(base64.Trim(), bytes, out var length) && length == 32
            ? new MasterKey(bytes[..32])
            : throw new ConfigurationException($"{name} must be 32 random bytes in base64, for instance from `openssl rand -base64 32`.");
    }

    /// <summary>Reads the key file, or makes it (mode 0600, directory 0700) on the first start.</summary>
    public static MasterKey FromFile(string path)
    {
        if (!File.Exists(path))
        {
            var directory = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            if (!OperatingSystem.IsWindows())
            {
                directory.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            }

            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            // Written whole to a temporary name first: a process killed here must not leave half a key.
            var temporary = path + "." + Guid.NewGuid().ToString("N");
            using (var file = new FileStream(temporary, options))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))));
                file.Flush(flushToDisk: true);
            }

            try
            {
                File.Move(temporary, path, overwrite: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process was faster; its key holds.
                File.Delete(temporary);
            }
        }

        return FromConfiguration(File.ReadAllText(path), path);
    }

    /// <summary>A key for one purpose, derived by HKDF-SHA-256, so that no two uses share one.</summary>
    public byte[] Derive(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, 32, info: System.Text.Encoding.UTF8.GetBytes("anycast/" + purpose));
}
