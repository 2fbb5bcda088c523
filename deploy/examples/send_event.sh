#!/bin/sh
# Sends one event: AFTERWORD=https://afterword.example.com KEY=aw_… ./send_event.sh order-1
# curl tries again what may pass (no connection, 408, 429, 500, 502, 503, 504), after growing waits and never before
# Retry-After. The body is made once, so each try has the same id, and the event counts once.
set -eu
id=${1:-order-1}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
body=$(cat <<JSON
{"id": "$id", "type": "order.delivered", "occurred_at": "$now",
 "customer": {"id": "c-1", "email": "karen@example.com"}, "segments": {"touchpoint": "checkout"}}
JSON
)
curl --silent --show-error --fail-with-body --max-time 10 --retry 7 --retry-connrefused --retry-max-time 300 \
  "$AFTERWORD/v1/events" -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" --data "$body"
