"""The periods that the law sets, as data: `policies/<code>.v<N>.json`. A published version never changes; a new one is a new file."""

from pathlib import Path

from common.deadlines.policies import load_policies

POLICIES = load_policies(Path(__file__).parent / "policies")
