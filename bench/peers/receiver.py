"""A peer of the web tier: a minimal receiver of webhooks on FastAPI and ARQ.

It checks the same signature over the same body and puts the event into Redis, as the frameworks'
own introductions show. It does not write the event down, and knows no repeated delivery.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from arq import create_pool
from arq.connections import RedisSettings
from fastapi import FastAPI, HTTPException, Request

SECRET = os.environ["PEER_SECRET"].encode()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Connect to Redis once for each process."""
    app.state.jobs = await create_pool(RedisSettings(port=int(os.environ["PEER_REDIS_PORT"])))
    yield
    await app.state.jobs.aclose()


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@app.post("/webhooks/jira", status_code=202)
async def receive(request: Request) -> dict[str, str]:
    """Check the signature, and have a worker do the rest."""
    body = await request.body()
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    given = request.headers.get("X-Hub-Signature", "")
    if not hmac.compare_digest(f"sha256={expected}", given):
        raise HTTPException(401, "The signature is not ours.")
    identifier = request.headers["X-Atlassian-Webhook-Identifier"]
    await app.state.jobs.enqueue_job("handle_event", identifier, json.loads(body))
    return {"accepted": identifier}
