using Anycast.Core.Accounts.Avatars;
using Anycast.Core.Teams;
using Anycast.Web.Shell;

namespace Anycast.Web.Accounts.Avatars;

/// <summary><c>GET /avatars/{id}</c>: a picture, to whoever may see it. Never anything but the WebP that was drawn here.</summary>
public static class AvatarEndpoint
{
    public static void MapAvatars(this IEndpointRouteBuilder routes) =>
        routes.MapGet(AppUrls.AvatarsPath + "/{id:guid}", async (HttpContext context, Guid id, MemberAvatars avatars, CancellationToken ct) =>
        {
            var found = await avatars.FindAsync(context.User.ToActor(), id, ct);
            if (!found.IsOk)
            {
                return Results.NotFound();
            }

            // The address changes with the picture; an hour keeps lists quick and forgets a removed one soon.
            context.Response.Headers.CacheControl = "private, max-age=3600";
            context.Response.Headers.ContentDisposition = "inline; filename=\"avatar.webp\"";
            return Results.Bytes(found.Value, AvatarImage.ContentType);
        }).RequireAuthorization();
}
