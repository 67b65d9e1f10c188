namespace Anycast.Core.Common;

/// <summary>What is configured cannot be used. The message is for the operator: it names the setting and says what it must be.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
