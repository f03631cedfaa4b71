"""The whole guess: what the file declares, then what it does when it is run."""

from __future__ import annotations

from ..backend import Backend
from ..ort import OrtBackend
from .guess import Finding, Guess
from .inputs import inputs_findings, without_batch
from .output import looks_like_a_judge, output_findings
from .probing import probed

_ORDER = ("image", "latent", "label", "noise", "truncation", "output")


def infer(backend: Backend, *, probe: bool = True) -> Guess:
    """Guess what a foreign file takes and gives.

    Parameters
    ----------
    backend : Backend
        The loaded file. Of a format that does not declare its inputs nothing can be told.
    probe : bool
        Whether to run the network: a few images, and a few dozen single ones where classes are
        counted. Without it the value range and a label's classes stay unknown.
    """
    if not isinstance(backend, OrtBackend) or backend.inputs is None:
        return Guess((), ("the file's format does not declare its inputs",))
    findings, problems = inputs_findings(backend.inputs)
    batch = any(without_batch(x).batch for x in backend.inputs)
    findings += output_findings(backend.outputs, batch=batch)
    if not any(f.field in ("latent.input", "image.input") for f in findings):
        problems.append("no input was understood as a latent or a picture to start from")
    if probe and not problems:
        findings, problems = probed(backend, findings)
    findings = _with_open_questions(findings)
    if looks_like_a_judge(findings):
        problems.append(
            "a picture goes in and one number comes out: it is a discriminator or a critic, no "
            "generator"
        )
    findings.sort(key=lambda finding: _ORDER.index(finding.field.partition(".")[0]))
    return Guess(tuple(findings), tuple(problems))


def _with_open_questions(findings: list[Finding]) -> list[Finding]:
    """Add what a spec would else fill in by its defaults without anybody having said so."""
    known = {finding.field: finding for finding in findings}
    wanted: list[tuple[str, str]] = []
    if "output.kind" not in known:
        wanted.append(("output.layout", "the output's shape is not declared"))
    array = "output.kind" in known and known["output.kind"].value == "array"
    if not array:
        wanted.append(("output.value_range", "only running it can tell"))
    if "image.input" in known and not array:
        scale = _declared_scale(known)
        if scale is not None and "image.scale" not in known:
            reason = "the output's height over the picture's"
            findings = [*findings, Finding("image.scale", scale, "declared", reason)]
        elif "image.scale" not in known:
            wanted.append(("image.scale", "only running it can tell"))
    present = {finding.field for finding in findings}
    return findings + [
        Finding(field, None, "unknown", reason) for field, reason in wanted if field not in present
    ]


def _declared_scale(known: dict[str, Finding]) -> int | None:
    if not {"image.size", "output.shape", "output.layout"} <= set(known):
        return None
    first = 1 if known["output.layout"].value == "NCHW" else 0
    rows, given = known["output.shape"].value[first], known["image.size"].value[0]
    return rows // given if rows is not None and rows % given == 0 else None
