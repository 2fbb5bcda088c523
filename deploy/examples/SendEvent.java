// Sends one event: AFTERWORD=https://afterword.example.com KEY=aw_… java SendEvent.java order-1   (Java 17 or newer)
// What may pass is tried again with the same body, and so the same id: the event counts once.

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

public final class SendEvent {
    private static final int TRIES = 8;
    private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);

    public static void main(String[] args) throws InterruptedException {
        // A real program makes its JSON with a library.
        String body = """
            {"id": "%s", "type": "order.delivered", "occurred_at": "%s",
             "customer": {"id": "c-1", "email": "karen@example.com"}, "segments": {"touchpoint": "checkout"}}
            """.formatted(args.length > 0 ? args[0] : "order-1", Instant.now().truncatedTo(ChronoUnit.SECONDS));
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("AFTERWORD") + "/v1/events"))
            .header("Authorization", "Bearer " + System.getenv("KEY"))
            .header("Content-Type", "application/json")
            .timeout(Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

        for (int tries = 1; ; tries++) {
            String failure;
            long askedMs = 0;
            boolean mayPass = true;
            try {
                HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (response.statusCode() / 100 == 2) {
                    System.out.println(response.body());
                    return;
                }
                failure = response.statusCode() + " " + response.body();
                mayPass = PASSING.contains(response.statusCode());
                askedMs = response.headers().firstValue("Retry-After")
                    .filter(value -> value.matches("[0-9]{1,6}")).map(Long::parseLong).orElse(0L) * 1000;
            } catch (IOException away) {
                failure = away.toString();
            }
            if (!mayPass || tries == TRIES) {
                System.err.println((mayPass ? "Send the same event again later, it counts once: "
                    : "Mend the event and send it again: ") + failure);
                System.exit(1);
            }
            // A random part of 0.5, 1, 2, … 30 seconds, and never less than Retry-After.
            long longestMs = Math.min(30_000L, 500L << (tries - 1));
            Thread.sleep(Math.max(ThreadLocalRandom.current().nextLong(longestMs), askedMs));
        }
    }
}
