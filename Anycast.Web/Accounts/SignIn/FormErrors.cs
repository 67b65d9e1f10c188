using Anycast.Core.Common;

namespace Anycast.Web.Accounts.SignIn;

/// <summary>Puts the one failure of a form beside the field it is about, or above the form when it is about none.</summary>
internal readonly record struct FormErrors(Failure? Failure, string? Sentence)
{
    public string? Name => For("accounts.name_", "teams.name_");

    public string? Email => For("accounts.email_");

    public string? Password => For("accounts.password_short", "accounts.password_long", "accounts.password_common");

    public string? CurrentPassword => For("accounts.password_wrong");

    public string? Terms => For("accounts.terms_");

    public string? Code => For("setup.code_");

    /// <summary>What belongs to no field.</summary>
    public string? General => (Name ?? Email ?? Password ?? CurrentPassword ?? Code ?? Terms) is null ? Sentence : null;

    private string? For(params ReadOnlySpan<string> prefixes)
    {
        foreach (var prefix in prefixes)
        {
            if (Failure?.Code.StartsWith(prefix, StringComparison.Ordinal) == true)
            {
                return Sentence;
            }
        }

        return null;
    }
}
