using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Harness;

/// <summary>Keeps what is logged, for the message of a test that failed.</summary>
public sealed class LogLines : ILoggerProvider
{
    private const int Most = 200;
    private readonly ConcurrentQueue<string> _lines = new();

    public ILogger CreateLogger(string categoryName) => new Logger(_lines, categoryName);

    public override string ToString() => string.Join('\n', _lines);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<string> lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)}{(exception is null ? "" : "\n" + exception)}");
            while (lines.Count > Most)
            {
                lines.TryDequeue(out _);
            }
        }
    }
}
