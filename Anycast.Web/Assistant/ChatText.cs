namespace Anycast.Web.Assistant;

/// <summary>Names the resource files of the chat.</summary>
public sealed class ChatText;
