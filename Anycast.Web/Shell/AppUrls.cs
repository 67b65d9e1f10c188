namespace Anycast.Web.Shell;

/// <summary>Every address of the product, in one place. The routes are a contract: tests, mails and saved links use them.</summary>
public static class AppUrls
{
    public const string Home = "/";
    public const string Setup = "/setup";
    public const string NotFound = "/not-found";
    public const string Error = "/error";

    /// <summary>What a form is answered whose token is of another sign-in or of none; shown in place of the form's own page.</summary>
    public const string StaleForm = "/account/out-of-date";
    public const string PreferencesPath = "/preferences";
    public const string LanguagePath = "/preferences/language";
    public const string Terms = "/terms";
    public const string AcceptTerms = "/account/terms";

    public const string Register = "/account/register";
    public const string LoginPath = "/account/login";
    public const string SecondFactor = "/account/login/2fa";
    public const string Pin = "/account/login/code";
    public const string Passkeys = "/account/passkeys";
    public const string PasskeyOptions = Passkeys + "/options";
    public const string PasskeySignIn = "/account/login/passkey";
    public const string PasskeySignInOptions = PasskeySignIn + "/options";
    public const string PasskeyProof = "/account/step-up/passkey";
    public const string PasskeyProofOptions = PasskeyProof + "/options";
    public const string StepUpPath = "/account/step-up";
    public const string StepUpProof = "/account/step-up/proof";
    public const string ConfirmAddress = "/account/confirm-address";
    public const string UndoAddress = "/account/undo-address";
    public const string Logout = "/account/logout";
    public const string KeepAlive = "/account/keep-alive";
    public const string Tabs = "/account/tabs";
    public const string Confirm = "/account/confirm";
    public const string Forgot = "/account/forgot";
    public const string Reset = "/account/reset";
    public const string Denied = "/account/denied";

    public const string Profile = "/me/profile";
    public const string Security = "/me/security";
    public const string Sessions = "/me/sessions";
    public const string Tokens = "/me/tokens";
    public const string Notifications = "/me/notifications";
    public const string Invitations = "/me/invitations";
    public const string OwnActivity = "/me/activity";
    public const string OwnActivityCsv = "/me/activity/csv";
    public const string Beta = "/me/beta";
    public const string Privacy = "/me/privacy";
    public const string AvatarsPath = "/avatars";
    public const string NewTeam = "/me/teams/new";

    public const string Operator = "/operator";
    public const string OperatorUsers = "/operator/users";
    public const string OperatorTeams = "/operator/teams";
    public const string OperatorMail = "/operator/mail";
    public const string OperatorMailPreview = OperatorMail + "/preview";
    public const string OperatorBeta = "/operator/beta";
    public const string OperatorHealth = "/operator/health";
    public const string OperatorJobs = "/operator/jobs";

    /// <summary>What stands in an object's address for the core API group, whose name is empty.</summary>
    public const string CoreGroup = "core";

    /// <summary>What stands in an object's address for the namespace of a cluster-scoped object.</summary>
    public const string NoNamespace = "-";

    /// <summary>The confirmation page without a token, which sends a new one.</summary>
    public const string ConfirmResend = Confirm;

    /// <summary>The sign-in with a word on what was just done: <c>confirmed</c>, <c>reset</c>.</summary>
    public static string LoginAfter(string done, string? returnUrl = null) => $"{LoginPath}?done={done}" + (returnUrl is null ? "" : $"&return={Uri.EscapeDataString(returnUrl)}");

    public static string Login(string? returnUrl = null) => returnUrl is null ? LoginPath : $"{LoginPath}?return={Uri.EscapeDataString(returnUrl)}";

    /// <summary>The registration, on the way to another page.</summary>
    public static string RegisterFor(string? returnUrl) => returnUrl is null ? Register : $"{Register}?return={Uri.EscapeDataString(returnUrl)}";

    /// <summary>The page that sends the confirmation anew, on the way to another.</summary>
    public static string ConfirmResendFor(string? returnUrl) => returnUrl is null ? ConfirmResend : $"{ConfirmResend}?return={Uri.EscapeDataString(returnUrl)}";

    /// <summary>The sign-in by a mailed code.</summary>
    public static string PinSignIn(string? returnUrl) => returnUrl is null ? Pin : $"{Pin}?return={Uri.EscapeDataString(returnUrl)}";

    /// <summary>The second step of a sign-in.</summary>
    public static string SecondFactorStep(string? returnUrl) => returnUrl is null ? SecondFactor : $"{SecondFactor}?return={Uri.EscapeDataString(returnUrl)}";

    /// <summary>The page that asks to accept the terms, on the way to another.</summary>
    public static string AcceptTermsStep(string returnUrl) => $"{AcceptTerms}?return={Uri.EscapeDataString(returnUrl)}";

    public static string Language(string language, string returnUrl) => $"{LanguagePath}?to={language}&return={Uri.EscapeDataString(returnUrl)}";

    public static string Avatar(Guid id) => $"{AvatarsPath}/{id}";

    public static string Team(string team) => $"/t/{Segment(team)}";

    public static string Members(string team) => $"{Team(team)}/members";

    public static string TeamSettings(string team) => $"{Team(team)}/settings";

    public static string DeleteTeam(string team) => $"{Team(team)}/delete";

    public static string ActivityCsv(string team) => $"{Activity(team)}/csv";

    public static string Activity(string team) => $"{Team(team)}/activity";

    public static string ConnectCluster(string team) => $"{Team(team)}/clusters/connect";

    public static string Cluster(string team, string cluster) => $"{Team(team)}/c/{Segment(cluster)}";

    /// <summary>A page below a cluster: <c>workloads</c>, <c>pods</c>, <c>nodes</c>, <c>events</c>, <c>findings</c>, <c>agent</c> …</summary>
    public static string ClusterPage(string team, string cluster, string page) => $"{Cluster(team, cluster)}/{page}";

    /// <summary>What left a cluster for one answer of the assistant.</summary>
    public static string LeftForAnswer(string team, string cluster, Guid run) => $"{ClusterPage(team, cluster, "left-the-cluster")}?answer={run}";

    /// <summary>The page of one Kubernetes object. <paramref name="group"/> and <paramref name="ns"/> may be empty.</summary>
    public static string KubernetesObject(string team, string cluster, string group, string kind, string ns, string name) =>
        $"{Cluster(team, cluster)}/o/{Segment(group.Length == 0 ? CoreGroup : group)}/{Segment(kind)}/{Segment(ns.Length == 0 ? NoNamespace : ns)}/{Segment(name)}";

    public static string Chat(string team) => $"{Team(team)}/chat";

    public static string Conversation(string team, Guid conversation) => $"{Chat(team)}/{conversation}";

    public static string Proposals(string team) => $"{Team(team)}/proposals";

    public static string Proposal(string team, Guid proposal) => $"{Proposals(team)}/{proposal}";

    /// <summary>How a mail of the product looks, in a language; null: the reader's language, no mail chosen.</summary>
    public static string MailPreview(string? language, string? name) =>
        OperatorMailPreview + (language is null ? "" : $"?lang={language}") + (name is null ? "" : $"{(language is null ? '?' : '&')}name={Uri.EscapeDataString(name)}");

    public static string OperatorMailMessage(string id) => $"{OperatorMail}?id={Uri.EscapeDataString(id)}";

    /// <summary>
    /// Whether an address stays on this site: one slash, then neither slash nor backslash, and no control character
    /// (browsers drop tabs and line breaks, so <c>/\t/evil</c> would leave).
    /// </summary>
    public static bool IsLocal(string? url) =>
        url is ['/', ..] && (url.Length == 1 || url[1] is not ('/' or '\\')) && !url.Any(char.IsControl);

    /// <summary>The address if it is local, else the fallback.</summary>
    public static string LocalOr(string? url, string fallback) => IsLocal(url) ? url! : fallback;

    private static string Segment(string value) => Uri.EscapeDataString(value);
}
