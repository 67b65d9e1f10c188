using System.Text.Json.Serialization;
using Anycast.Tunnel.Carrier;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rights;

namespace Anycast.Tunnel;

/// <summary>How the messages of the wire contract read and write as JSON; generated, so that the agent needs no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AgentHello))]
[JsonSerializable(typeof(ConnectStep))]
[JsonSerializable(typeof(ConnectAnswer))]
[JsonSerializable(typeof(AgentAbout))]
[JsonSerializable(typeof(OperationRequest))]
[JsonSerializable(typeof(OperationResult))]
[JsonSerializable(typeof(RightsReport))]
[JsonSerializable(typeof(LogText))]
[JsonSerializable(typeof(ConfigText))]
public sealed partial class TunnelJson : JsonSerializerContext;
