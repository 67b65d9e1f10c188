using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using BC = BCrypt.Net.BCrypt;

namespace Anycast.Benchmarks;

/// <summary>A whole sign-in over HTTP against the bare bcrypt that it cannot do without.</summary>
internal static partial class SignInBenchmark
{
    private const int Cost = 12;
    private const int InARow = 5;
    private const string Password = "grey lamp, seventeen boats";

    public static async Task<MeasuredRun> RunAsync(int pairs)
    {
        await using var product = await Product.StartAsync();
        var hash = BC.HashPassword("64 characters of base64, as the product hands them to bcrypt, no more", Cost);
        Task<int> PeerAsync() => Task.FromResult(BC.Verify("64 characters of base64, as the product hands them to bcrypt, no more", hash) ? 200 : 500);

        var before = Surroundings.Load();
        async Task<double> MillisecondsAsync(Func<Task<int>> callAsync) => await BenchWorld.MedianAsync(InARow, callAsync) / 1000;
        var taken = await BenchWorld.InTurnsAsync(pairs, 2, () => MillisecondsAsync(product.SignInAsync), () => MillisecondsAsync(PeerAsync));
        return new MeasuredRun(
            "signin",
            "Signing in",
            "the form with address and password is posted to the running product on SQLite; it checks limits, account and password, opens the session, writes the log, and answers with the cookie.",
            $"bcrypt of cost {Cost} verifies one hash, in the same runtime and nothing else.",
            Surroundings.Commit(),
            TimeProvider.System.GetUtcNow(),
            Surroundings.Machine(),
            before,
            Surroundings.Load(),
            [new Measurement($"one sign-in, median of {InARow}", "ms", 1.2, null, false, taken)],
            []);
    }

    /// <summary>The built product with one account, and a visitor who signs in again and again, each time from another network: limits are not what is measured.</summary>
    private sealed partial class Product : IAsyncDisposable
    {
        private readonly HttpClient http;
        private readonly Process process;
        private readonly string data;
        private string token = "";
        private string cookie = "";
        private int visits;

        private Product(Process process, Uri address, string data)
        {
            this.process = process;
            this.data = data;
            http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = address };
        }

        public static async Task<Product> StartAsync()
        {
            var dll = Path.Combine(Surroundings.Root, "Anycast.Web", "bin", "Release", "net10.0", "Anycast.Web.dll");
            if (!File.Exists(dll))
            {
                throw new InvalidOperationException($"Build the product first: {dll} is not there.");
            }

            var data = Directory.CreateTempSubdirectory("anycast-bench-data-").FullName;
            var start = new ProcessStartInfo("dotnet", [dll])
            {
                RedirectStandardOutput = true,
                Environment =
                {
                    ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                    ["ASPNETCORE_ENVIRONMENT"] = "Production",
                    ["Logging__LogLevel__Default"] = "Warning",
                    ["Anycast__Data__Directory"] = data,
                    ["Anycast__Demo__Enabled"] = "false",
                    ["Anycast__KnownProxies__0"] = "127.0.0.1",
                    ["Anycast__Accounts__BcryptCost"] = Cost.ToString(CultureInfo.InvariantCulture),
                    ["Anycast__Setup__OperatorEmail"] = "ada@example.org",
                    ["Anycast__Setup__OperatorPassword"] = Password,
                },
            };
            var process = Process.Start(start)!;
            string? line;
            while ((line = await process.StandardOutput.ReadLineAsync()) is not null && !line.Contains("is running at", StringComparison.Ordinal))
            {
                // What it says before it serves.
            }

            var address = line is null ? throw new InvalidOperationException("The product did not start.") : new Uri(line.Split(' ')[^1]);
            _ = process.StandardOutput.ReadToEndAsync(); // Read on, so that nothing it says makes it wait.
            var product = new Product(process, address, data);
            await product.OpenFormAsync();
            return product;
        }

        /// <summary>Posts the form; 200 when a session was opened.</summary>
        public async Task<int> SignInAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/account/login")
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["__RequestVerificationToken"] = token,
                    ["_handler"] = "login",
                    ["Input.Email"] = "ada@example.org",
                    ["Input.Password"] = Password,
                }),
            };
            visits++;
            request.Headers.Add("Cookie", cookie);
            request.Headers.Add("X-Forwarded-For", $"10.{visits >> 16 & 255}.{visits >> 8 & 255}.{visits & 255}");
            using var answer = await http.SendAsync(request);
            var opened = answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.TryGetValues("Set-Cookie", out var set) && set.Any(c => c.StartsWith("__Host-anycast.session=", StringComparison.Ordinal));
            return opened ? 200 : (int)answer.StatusCode;
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            Directory.Delete(data, recursive: true);
        }

        private async Task OpenFormAsync()
        {
            using var page = await http.GetAsync(new Uri("/account/login", UriKind.Relative));
            token = WebUtility.HtmlDecode(TokenPattern().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value);
            cookie = page.Headers.GetValues("Set-Cookie").First(c => c.Contains("antiforgery", StringComparison.Ordinal)).Split(';')[0];
        }

        [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
        private static partial Regex TokenPattern();
    }
}
