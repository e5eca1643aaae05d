"""The bare HTTP service of the floor: `python -m bench.floor_app PORT`."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class OptOutIn(BaseModel):
    programme: str


@app.post("/")
async def opt_out(body: OptOutIn) -> dict[str, str]:
    return {"status": "recorded"}


@app.get("/livez")
async def livez() -> None:
    """Up."""


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
