using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Anycast.Tests.Harness;

/// <summary>The memory of a running .NET process, as a crash would write it down: by the runtime's own createdump, heap included.</summary>
public static class CrashDump
{
    private static string Tool => Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "createdump");

    /// <summary>Null where no dump can be taken: another system, or a container that forbids to look into processes.</summary>
    public static async Task<byte[]?> TakeAsync(int processId, TempDirectory directory)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(Tool))
        {
            return null;
        }

        var file = directory.File("dump");
        using var process = Process.Start(new ProcessStartInfo(Tool, ["--withheap", "--name", file, processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        return File.Exists(file) ? await File.ReadAllBytesAsync(file) : null;
    }
}
