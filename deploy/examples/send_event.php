<?php
// Sends one event: AFTERWORD=https://afterword.example.com KEY=aw_… php send_event.php order-1   (PHP 8)
// What may pass is tried again with the same body, and so the same id: the event counts once.

const TRIES = 8;
const PASSING = [0, 408, 429, 500, 502, 503, 504];

$body = json_encode([
    'id' => $argv[1] ?? 'order-1',
    'type' => 'order.delivered',
    'occurred_at' => gmdate('Y-m-d\TH:i:s\Z'),
    'customer' => ['id' => 'c-1', 'email' => 'karen@example.com'],
    'segments' => ['touchpoint' => 'checkout'],
], JSON_THROW_ON_ERROR);

$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => ['Authorization: Bearer ' . getenv('KEY'), 'Content-Type: application/json'],
    'content' => $body,
    'timeout' => 10,
    'ignore_errors' => true, // the body of a refusal says what to do
    'follow_location' => 0,
]]);

for ($tries = 1; ; $tries++) {
    $http_response_header = [];
    $answer = @file_get_contents(getenv('AFTERWORD') . '/v1/events', false, $context);
    $status = (int) (explode(' ', $http_response_header[0] ?? '')[1] ?? 0); // 0: no connection
    if ($answer !== false && intdiv($status, 100) === 2) {
        echo $answer, "\n";
        exit(0);
    }
    $mayPass = in_array($status, PASSING, true);
    if (!$mayPass || $tries === TRIES) {
        $advice = $mayPass ? 'Send the same event again later, it counts once' : 'Mend the event and send it again';
        fwrite(STDERR, "$advice: $status $answer\n");
        exit(1);
    }
    $asked = 0;
    foreach ($http_response_header as $header) {
        if (preg_match('/^Retry-After:\s*(\d{1,6})\s*$/i', $header, $found)) {
            $asked = (int) $found[1];
        }
    }
    // A random part of 0.5, 1, 2, … 30 seconds, and never less than Retry-After.
    $longest = min(30.0, 0.5 * 2 ** ($tries - 1));
    usleep((int) (1_000_000 * max($longest * mt_rand() / mt_getrandmax(), $asked)));
}
