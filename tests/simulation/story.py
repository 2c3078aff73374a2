"""A world as a story that one can read: what was in the way, what happened and what was seen, in order."""

from alarmd.organisation.model import Target
from tests.simulation.world import Verdict


def told(verdict: Verdict) -> str:
    """Line by line, each with its second; what was found at the end."""
    organisation = verdict.scenario.organisation
    lines = [f"The world of seed {verdict.seed}: nodes {', '.join(verdict.scenario.nodes)}"]
    lines.append(f"troubles: {', '.join(sorted(verdict.scenario.troubles)) or 'none'}")
    for chain in organisation.chains.values():
        steps = "; ".join(
            f"{number} after {step.after.total_seconds():g} s: {_targets(step.notify)} by {', '.join(step.by) or 'all'}"
            + (f" else {_targets(step.otherwise)}" if step.otherwise else "")
            for number, step in enumerate(chain.steps, 1)
        )
        again = f"; from {chain.repeat.start} every {chain.repeat.every.total_seconds():g} s" if chain.repeat else ""
        lines.append(f"chain {chain.id}: {steps}{again}; {chain.acknowledge.needed} needed")
    lines += [
        f"{person.id}: {', '.join(person.roles)} at {person.at}, {[contact.kind for contact in person.contact]}"
        for person in organisation.people.values()
    ]
    lines += [f"{at:9.3f}  {what}" for at, what in sorted(verdict.story, key=lambda line: line[0])]
    return "\n".join([*lines, "Findings:", *(verdict.findings or ["none"])])


def _targets(targets: tuple[Target, ...]) -> str:
    return " and ".join(f"{target.kind} {target.name}" for target in targets)
