namespace Anycast.Tunnel.Projection;

/// <summary>What a leaf may be. The names are those of <c>redaction-allowlist.yaml</c>, whose header describes each.</summary>
public enum LeafType
{
    /// <summary>No leaf: an object or array that only carries others.</summary>
    None = 0,
    Name,
    Enum,
    EnumLower,
    Int,
    Bool,
    Time,
    Quantity,
    Quantities,
    Ip,
    Cidr,
    Port,
    IntStr,
    Host,
    Path,
    Image,
    Uuid,
    ContainerId,
    Version,
    Cron,
    FieldPath,
    Plain,
    Continue,
    Labels,
    Anns,
    Keys,
    Count,
    Argv,
    Present,
    Msg,
}
