"""What a model that is trained in a workspace says of the systems of its inputs."""

from __future__ import annotations

from ..commands.steps.inputs import SYSTEMS


def input_systems(inputs: list[str]) -> dict[str, str]:
    """Metadata `input_systems`: what the inputs of every system are in, whichever survey a star comes from."""
    return {name: SYSTEMS[name] for name in inputs if name in SYSTEMS}
