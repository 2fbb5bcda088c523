# Sends one event: AFTERWORD=https://afterword.example.com KEY=aw_… python send_event.py order-1
# The package (`pip install ./deploy/clients/python`) tries again what may pass, each time with the same id.


import os
import sys
from datetime import UTC, datetime

from afterword_client import Afterword, AfterwordAway, EventRefused

event = {
    "id": sys.argv[1] if len(sys.argv) > 1 else "order-1",
    "type": "order.delivered",
    "occurred_at": datetime.now(UTC).isoformat(),
    "customer": {"id": "c-1", "email": "karen@example.com"},
    "segments": {"touchpoint": "checkout"},
}
try:
    sent = Afterword(os.environ["AFTERWORD"], os.environ["KEY"]).send(event)
except EventRefused as refused:
    sys.exit(f"Mend the event and send it again: {refused}")
except AfterwordAway as away:
    sys.exit(f"Send the same event again later, it counts once: {away}")
sys.stdout.write(f"{sent.id} accepted, see {sent.see}\n")
