// Sends one event: AFTERWORD=https://afterword.example.com KEY=aw_… dotnet run -- order-1   (.NET 8, as Program.cs)
// What may pass is tried again with the same body, and so the same id: the event counts once.

using System;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

public static class SendEvent
{
    private const int Tries = 8;
    private static readonly int[] Passing = { 408, 429, 500, 502, 503, 504 };

    public static async Task<int> Main(string[] args)
    {
        string body = JsonSerializer.Serialize(new
        {
            id = args.Length > 0 ? args[0] : "order-1",
            type = "order.delivered",
            occurred_at = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
            customer = new { id = "c-1", email = "karen@example.com" },
            segments = new { touchpoint = "checkout" },
        });
        string address = Environment.GetEnvironmentVariable("AFTERWORD") + "/v1/events";
        var random = new Random();

        using (var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }))
        {
            client.Timeout = TimeSpan.FromSeconds(10);
            client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("KEY"));

            for (int tries = 1; ; tries++)
            {
                string failure;
                bool mayPass = true;
                TimeSpan asked = TimeSpan.Zero;
                try
                {
                    // A request's content is used up by each try.
                    using (var content = new StringContent(body, Encoding.UTF8, "application/json"))
                    using (HttpResponseMessage response = await client.PostAsync(address, content))
                    {
                        string answer = await response.Content.ReadAsStringAsync();
                        if (response.IsSuccessStatusCode)
                        {
                            Console.WriteLine(answer);
                            return 0;
                        }
                        failure = $"{(int)response.StatusCode} {answer}";
                        mayPass = Passing.Contains((int)response.StatusCode);
                        asked = response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero;
                    }
                }
                catch (Exception away) when (away is HttpRequestException || away is TaskCanceledException)
                {
                    failure = away.Message;
                }
                if (!mayPass || tries == Tries)
                {
                    string advice = mayPass
                        ? "Send the same event again later, it counts once"
                        : "Mend the event and send it again";
                    Console.Error.WriteLine($"{advice}: {failure}");
                    return 1;
                }
                // A random part of 0.5, 1, 2, … 30 seconds, and never less than Retry-After.
                double longest = Math.Min(30.0, 0.5 * Math.Pow(2, tries - 1));
                TimeSpan wait = TimeSpan.FromSeconds(longest * random.NextDouble());
                await Task.Delay(wait > asked ? wait : asked);
            }
        }
    }
}
