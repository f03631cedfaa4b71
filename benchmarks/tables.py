"""A run as Markdown."""

from __future__ import annotations

from typing import Any

from . import machine, targets

_COLUMNS = {
    "ns/value": "ns a value | CPU",
    "us/call": "µs a call | CPU",
    "GB/s": "GB a second | a CPU second",
    "images/s": "images a second | a CPU second",
}


def markdown(run: dict[str, Any]) -> str:
    """Return the whole run: the machine, then a table a case."""
    parts = [_head(run)]
    for section in run["sections"]:
        parts.append(_section(section, _everywhere(run)))
        parts += [_table(case) for case in section["cases"]]
    return "\n\n".join(parts) + "\n"


def _head(run: dict[str, Any]) -> str:
    m = run["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    lines = [
        f"- {run['date']}, {m['cpu']}, {m['cores']} CPUs, {m['system']}, {m['architecture']}",
        f"- Python {m['python']}, {versions}",
        f"- Load average of the minute before: {run['load']}",
    ]
    warning = machine.too_busy(run["load"])
    if warning:
        lines.append(f"- **Warning:** {warning}")
    lines += [f"- {note}" for note in _everywhere(run)]
    lines.append(
        "- Slower: a row's time over that of the first row, below 1 where it is faster; the median "
        "of the ratios by round (and their quartiles), by the clock and by CPU time of all threads."
    )
    lines.append(
        "- Target: must / aim, by the clock, and which is reached; set on another machine: "
        f"{targets.MACHINE}."
    )
    return "\n".join(lines)


def _notes(section: dict[str, Any]) -> list[str]:
    found = sorted(section["absent"].items())
    return [*section["notes"], *(f"Absent: {name}; to have it: {how}" for name, how in found)]


def _everywhere(run: dict[str, Any]) -> list[str]:
    """Return the notes that all sections share, which are said once."""
    first, *others = map(_notes, run["sections"])
    return [note for note in first if all(note in notes for notes in others)]


def _section(section: dict[str, Any], said: list[str]) -> str:
    settings = " ".join(f"`{k}={v}`" for k, v in section["environment"].items())
    lines = [f"## {section['name']}: {section['isa']}", settings or "Nothing forced."]
    return "\n\n".join([*lines, *(note for note in _notes(section) if note not in said)])


def _table(case: dict[str, Any]) -> str:
    facts = list(dict.fromkeys(fact for row in case["rows"] for fact in row["facts"]))
    columns = ["", _COLUMNS[case["unit"]], "slower, clock", "slower, CPU", "target", *facts]
    head = f"| {' | '.join(columns)} |"
    lines = [f"### {case['title']}", "", head, "|---" * (head.count("|") - 1) + "|"]
    for i, row in enumerate(case["rows"]):
        name = f"**{row['name']}**" if i == 0 else row["name"]
        if row["label"]:
            name += f" ({row['label']})"
        goal = row["target"]
        cells = [
            name,
            _number(row["wall"]),
            _number(row["cpu"]),
            "1" if i == 0 else _ratio(row["ratio"]),
            "1" if i == 0 else _ratio(row["cpu_ratio"]),
            "" if goal is None else _target(goal, row["ratio"][1]),
            *(_fact(row, fact) for fact in facts),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _fact(row: dict[str, Any], fact: str) -> str:
    """Return a figure beside the time and, if it should not be above another, whether it is."""
    if fact not in row["facts"]:
        return ""
    text, most = _number(row["facts"][fact]), row.get("at_most", {}).get(fact)
    if most is None:
        return text
    return f"{text}, at most {most:g}: {'reached' if row['facts'][fact] <= most else 'missed'}"


def _target(goal: dict[str, float], ratio: float) -> str:
    """Return the target's figures, must and aim if they differ, and which is reached."""
    if goal["must"] == goal["aim"]:
        return f"{goal['must']:g}: {'reached' if ratio >= goal['must'] else 'missed'}"
    reached = "aim" if ratio >= goal["aim"] else "must" if ratio >= goal["must"] else "neither"
    return f"{goal['must']:g} / {goal['aim']:g}: {reached}"


def _ratio(three: list[float]) -> str:
    low, median, high = map(_number, three)
    return f"{median} ({low}-{high})"


def _number(x: float) -> str:
    """Three digits, without an exponent."""
    if x == 0:
        return "0"
    return f"{x:.3g}" if 1e-3 <= abs(x) < 1000 else f"{x:.0f}" if abs(x) >= 1 else f"{x:.5f}"
