namespace Anycast.Tunnel.Carrier;

/// <summary>Any message of the service during the exchange; <see cref="Type"/> says which fields count.</summary>
/// <param name="Type"><c>challenge</c>, <c>accepted</c> or <c>refused</c>.</param>
public sealed record ConnectStep(string Type, string? Nonce = null, string? AgentId = null, string? Name = null, string? Code = null, string? Message = null);
