using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Anycast.Sandbox.Serving;

namespace Anycast.Sandbox;

/// <summary>The command: starts one sandbox cluster, writes its kubeconfig and runs until it is stopped.</summary>
public static class Program
{
    private const string Usage = "usage: Anycast.Sandbox [--port N] [--kubeconfig PATH] [--agent-kubeconfig PATH] [--data DIRECTORY] [--pods N] [--seed N] [--speed X] [--uid UID] [--no-scenario] [--no-controllers]";

    public static async Task<int> Main(string[] args)
    {
        var options = new SandboxOptions();
        string kubeconfig = "sandbox.kubeconfig", agentKubeconfig = "";
        try
        {
            for (var i = 0; i < args.Length; i++)
            {
                string Value() => ++i < args.Length ? args[i] : throw new FormatException($"{args[i - 1]} needs a value");
                int Number() => int.Parse(Value(), CultureInfo.InvariantCulture);
                switch (args[i])
                {
                    case "--port": options.Port = Number(); break;
                    case "--pods": options.Pods = Number(); break;
                    case "--seed": options.Seed = Number(); break;
                    case "--speed": options.Speed = double.Parse(Value(), CultureInfo.InvariantCulture); break;
                    case "--uid": options.Uid = Guid.Parse(Value()).ToString(); break;
                    case "--data": options.DataDirectory = Value(); break;
                    case "--kubeconfig": kubeconfig = Value(); break;
                    case "--agent-kubeconfig": agentKubeconfig = Value(); break;
                    case "--no-scenario": options.Scenario = false; break;
                    case "--no-controllers": options.Controllers = false; break;
                    default: throw new FormatException($"unknown argument {args[i]}");
                }
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var cluster = await SandboxCluster.StartAsync(options, stop.Token);
        PrivateFile.Write(kubeconfig, Encoding.UTF8.GetBytes(cluster.Kubeconfig()));
        if (agentKubeconfig.Length > 0)
        {
            PrivateFile.Write(agentKubeconfig, Encoding.UTF8.GetBytes(cluster.Kubeconfig(agent: true)));
        }

        Console.WriteLine($"Sandbox cluster at {cluster.Address.ToString().TrimEnd('/')}");
        Console.WriteLine($"  kubectl --kubeconfig {kubeconfig} get pods -A");
        try
        {
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }

        return 0;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}
