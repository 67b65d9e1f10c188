using System.Text.Json;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Web.Accounts.SignIn;
using Anycast.Web.Hosting;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Accounts.Passkeys;

/// <summary>
/// Passkeys (WebAuthn level 3) over Identity's own check. Each ceremony is two requests of passkeys.js: what to sign, and what was signed. They are
/// JSON alone, which no other site can send with this site's cookies; the challenge is used once, by the browser that was given it.
/// </summary>
public static class PasskeySetup
{
    public static IServiceCollection AddPasskeys(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<IdentityPasskeyOptions>(options =>
        {
            options.ServerDomain = PublicAddress.PublicUrl(configuration)?.Host;
            options.UserVerificationRequirement = "required";
            options.ResidentKeyRequirement = "required";
            options.AuthenticatorTimeout = PasskeyChallenges.Lifetime;
        });
        services.AddSingleton<PasskeyStore>();
        services.AddScoped(p => new UserManager<User>(
            p.GetRequiredService<PasskeyStore>(), Options.Create(new IdentityOptions()), p.GetRequiredService<PasswordHasher>(), [], [],
            p.GetRequiredService<ILookupNormalizer>(), new IdentityErrorDescriber(), p, p.GetRequiredService<ILogger<UserManager<User>>>()));
        services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        return services;
    }

    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(AppUrls.PasskeyOptions, CreationOptionsAsync).RequireAuthorization();
        routes.MapPost(AppUrls.Passkeys, AddAsync).RequireAuthorization();
        routes.MapPost(AppUrls.PasskeyProofOptions, RequestOptionsAsync).RequireAuthorization();
        routes.MapPost(AppUrls.PasskeyProof, ProveAsync).RequireAuthorization();
        routes.MapPost(AppUrls.PasskeySignInOptions, RequestOptionsAsync).AllowAnonymous();
        routes.MapPost(AppUrls.PasskeySignIn, SignInAsync).AllowAnonymous();
    }

    private static async Task<IResult> CreationOptionsAsync(HttpContext context, Empty _, PasskeyService passkeys, PasskeyChallenges challenges, IPasskeyHandler<User> handler, FailureTexts texts, CancellationToken ct)
    {
        var actor = context.User.ToActor();
        if (await passkeys.MayAddAsync(actor, ct) is { IsOk: false } refused)
        {
            return Refuse(context, texts, refused.Failure);
        }

        var options = await handler.MakeCreationOptionsAsync(new PasskeyUserEntity { Id = actor.UserId.ToString("N"), Name = actor.Email, DisplayName = actor.Name }, context);
        return await AskAsync(context, challenges, texts, options.CreationOptionsJson, options.AttestationState, ct);
    }

    private static async Task<IResult> AddAsync(HttpContext context, Signed signed, PasskeyService passkeys, PasskeyChallenges challenges, IPasskeyHandler<User> handler, FailureTexts texts, CancellationToken ct)
    {
        var actor = context.User.ToActor();
        var state = await TakeAsync(context, challenges, ct);
        var verified = state is null ? null
            : await handler.PerformAttestationAsync(new PasskeyAttestationContext { HttpContext = context, AttestationState = state, CredentialJson = signed.Credential.GetRawText() });
        if (verified is not { Succeeded: true, Passkey: { } passkey } || verified.UserEntity.Id != actor.UserId.ToString("N"))
        {
            return Refuse(context, texts, s_wrong);
        }

        var added = await passkeys.AddAsync(actor, passkey, signed.Name ?? "", context.Links(), ct);
        return added.IsOk ? Results.Json(new Answer(true, Codes: added.Value)) : Refuse(context, texts, added.Failure);
    }

    private static async Task<IResult> RequestOptionsAsync(HttpContext context, Empty _, PasskeyChallenges challenges, IPasskeyHandler<User> handler, FailureTexts texts, CancellationToken ct)
    {
        // Whose passkey is asked for is not said, so that the answer tells nothing about an account: the authenticator knows.
        var options = await handler.MakeRequestOptionsAsync(null, context);
        return await AskAsync(context, challenges, texts, options.RequestOptionsJson, options.AssertionState, ct);
    }

    private static async Task<IResult> SignInAsync(HttpContext context, Signed signed, PasskeyService passkeys, PasskeyChallenges challenges, IPasskeyHandler<User> handler, FailureTexts texts, CancellationToken ct)
    {
        if (await VerifyAsync(context, signed, challenges, handler, ct) is not { } verified)
        {
            return Refuse(context, texts, s_wrong);
        }

        var done = await passkeys.SignInAsync(verified.User.Id, verified.Passkey, context.ClientIp(), context.ClientDevice(), ct);
        if (!done.IsOk)
        {
            return Refuse(context, texts, done.Failure);
        }

        await context.ProceedAsync(done.Value);
        return Results.Json(new Answer(true, Location: done.Value.IsComplete ? AppUrls.LocalOr(signed.Return, AppUrls.Home) : AppUrls.SecondFactorStep(signed.Return)));
    }

    private static async Task<IResult> ProveAsync(HttpContext context, Signed signed, PasskeyService passkeys, PasskeyChallenges challenges, IPasskeyHandler<User> handler, FailureTexts texts, CancellationToken ct)
    {
        if (await VerifyAsync(context, signed, challenges, handler, ct) is not { } verified)
        {
            return Refuse(context, texts, s_wrong);
        }

        var proven = await passkeys.ProveAsync(context.User.ToActor(), verified.User.Id, verified.Passkey, ct);
        if (!proven.IsOk)
        {
            return Refuse(context, texts, s_wrong);
        }

        await context.RekeySessionAsync();
        return Results.Json(new Answer(true, Location: AppUrls.LocalOr(signed.Return, AppUrls.Home)));
    }

    private static readonly Failure s_wrong = new(FailureKind.Invalid, "accounts.passkey_wrong");

    private static async Task<IResult> AskAsync(HttpContext context, PasskeyChallenges challenges, FailureTexts texts, string options, string? state, CancellationToken ct)
    {
        var kept = await challenges.KeepAsync(state ?? "", context.ClientIp(), ct);
        if (!kept.IsOk)
        {
            return Refuse(context, texts, kept.Failure);
        }

        context.Remember(AttemptCookies.Passkey, kept.Value);
        return Results.Text(options, "application/json");
    }

    private static async Task<string?> TakeAsync(HttpContext context, PasskeyChallenges challenges, CancellationToken ct)
    {
        var secret = context.Request.Cookies[AttemptCookies.Passkey];
        context.Forget(AttemptCookies.Passkey);
        return secret is null ? null : await challenges.TakeAsync(secret, ct);
    }

    private static async Task<(User User, UserPasskeyInfo Passkey)?> VerifyAsync(HttpContext context, Signed signed, PasskeyChallenges challenges, IPasskeyHandler<User> handler, CancellationToken ct)
    {
        if (await TakeAsync(context, challenges, ct) is not { } state)
        {
            return null;
        }

        var verified = await handler.PerformAssertionAsync(new PasskeyAssertionContext { HttpContext = context, AssertionState = state, CredentialJson = signed.Credential.GetRawText() });
        return verified is { Succeeded: true, User: { } user, Passkey: { } passkey } ? (user, passkey) : null;
    }

    private static IResult Refuse(HttpContext context, FailureTexts texts, Failure failure)
    {
        context.Refuse(failure);
        return Results.Json(new Answer(false, texts.Of(failure)), statusCode: context.Response.StatusCode);
    }

    /// <summary>The JSON body <c>{}</c> of a request that says nothing; its content type is what matters.</summary>
    private sealed record Empty;

    private sealed record Signed(JsonElement Credential, string? Name, string? Return);

    private sealed record Answer(bool Ok, string? Message = null, string? Location = null, IReadOnlyList<string>? Codes = null);
}
