"""The baseline of single events: FastAPI and aiokafka as their documentation teaches, without keys or checks.

The same server and the same durability: idempotent, acknowledged by all. ``/raw`` does not read the JSON.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Request

TOPIC = "bench.bare"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.producer = AIOKafkaProducer(
        bootstrap_servers=os.environ["AFTERWORD_KAFKA"],
        acks="all",
        enable_idempotence=True,
        compression_type="snappy",
    )
    await app.state.producer.start()
    yield
    await app.state.producer.stop()


app = FastAPI(lifespan=lifespan)


@app.post("/events", status_code=202)
async def post_event(event: dict[str, Any]) -> dict[str, str]:
    await app.state.producer.send_and_wait(
        TOPIC, msgspec.json.encode(event), event["customer"]["id"].encode()
    )
    return {"status": "accepted"}


@app.post("/raw", status_code=202)
async def post_raw(request: Request) -> dict[str, str]:
    await app.state.producer.send_and_wait(TOPIC, await request.body())
    return {"status": "accepted"}


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="none", access_log=False,
                log_level="warning")  # fmt: skip
