"""How long an acknowledgement may take, as data: `policies/<code>.v<N>.json`. A published version never changes."""

from pathlib import Path

from common.deadlines.policies import load_policies

POLICIES = load_policies(Path(__file__).parent / "policies")
