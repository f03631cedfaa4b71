from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansdk import Sampler, images
from gansdk.errors import InvalidArgumentError, NonFiniteError, OutputError
from gansdk.jobs import generate


@pytest.fixture(scope="module")
def digits() -> Sampler:
    return Sampler("digits")


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_png_is_the_image_of_its_index(digits: Sampler, tmp_path: Path) -> None:
    manifest = generate(digits, 70, tmp_path / "out", seed=7, start=30)
    assert manifest == tmp_path / "out" / "manifest.json"
    pixels = digits.sample(70, seed=7, start=30)
    labels = digits.labels(70, seed=7, start=30)
    assert labels is not None
    rows = rows_of(tmp_path / "out")
    assert [row["index"] for row in rows] == list(range(30, 100))
    for i, row in enumerate(rows):
        data = (tmp_path / "out" / row["file_name"]).read_bytes()
        assert row["file_name"] == f"{30 + i:08d}.png"
        assert row["label"] == labels[i]
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert (np.asarray(Image.open(io.BytesIO(data)))[..., None] == pixels[i]).all()
    assert len(list((tmp_path / "out").iterdir())) == 72


def test_the_manifest_says_how_to_make_it_again(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 3, tmp_path / "out", seed=2**64 - 1, start=5, labels=(4, 2))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["format"] == "gansdk.manifest"
    assert manifest["model"] == {
        "name": "digits",
        "sha256": hashlib.sha256(digits.path.read_bytes()).hexdigest(),
    }
    assert (manifest["seed"], manifest["start"], manifest["n"]) == (2**64 - 1, 5, 3)
    assert manifest["labels"] == [4, 2]
    assert manifest["image"] == {"format": "png", "shape": [32, 32, 1]}
    assert manifest["rounding"] == "nearest"
    assert set(manifest["versions"]) == {"gansdk", "onnxruntime"}
    assert None not in manifest["versions"].values()


def test_integers_of_numpy_are_integers(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 2, tmp_path / "a", seed=7, start=1, labels=(4, 2))
    labels: Any = (np.int64(4), np.uint8(2))
    generate(digits, 2, tmp_path / "b", seed=np.int64(7), start=np.uint64(1), labels=labels)  # type: ignore[arg-type]
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    generate(digits, 1, tmp_path / "c", labels=np.int64(4))  # type: ignore[arg-type]
    assert json.loads((tmp_path / "c" / "manifest.json").read_text())["labels"] == 4


def test_threads_are_those_of_the_sampler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    real = images.encode_batch

    def encode_batch(*arguments: Any, threads: int | None = None, **options: Any) -> list[bytes]:
        asked.append(threads)
        return real(*arguments, threads=threads, **options)

    monkeypatch.setattr(images, "encode_batch", encode_batch)
    generate(Sampler("digits", threads=1), 2, tmp_path / "out")
    assert asked == [1]


def test_every_png_names_its_own_recipe(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 3, tmp_path / "out", seed=9, start=40, labels="balanced")
    for i in range(3):
        recipe = images.read_recipe(tmp_path / "out" / f"{40 + i:08d}.png")
        assert recipe is not None
        assert (recipe.seed, recipe.start, recipe.count, recipe.label) == (9, 40 + i, 1, i)
        assert recipe.model_sha256 == hashlib.sha256(digits.path.read_bytes()).hexdigest()
        assert recipe.latent_contract == 1


def test_a_tuple_of_labels_repeats_by_the_index(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 5, tmp_path / "out", start=1, labels=(4, 2, 9), batch_size=2)
    assert [row["label"] for row in rows_of(tmp_path / "out")] == [2, 9, 4, 2, 9]


def test_batch_size_changes_no_byte(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 20, tmp_path / "a", seed=7, batch_size=1)
    generate(digits, 20, tmp_path / "b", seed=7, batch_size=7)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_indices_beyond_eight_digits_widen_the_names(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 2, tmp_path / "out", start=2**64 - 2)
    names = sorted(p.name for p in (tmp_path / "out").glob("*.png"))
    assert names == ["18446744073709551614.png", "18446744073709551615.png"]
    generate(digits, 1, tmp_path / "out", force=True)
    assert [p.name for p in (tmp_path / "out").glob("*.png")] == ["00000000.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be"),
        ({"n": 2**64 + 1}, "n must be"),
        ({"n": 2, "start": 2**64 - 1}, r"start \+ n"),
        ({"n": 2, "start": -1}, "start must be"),
        ({"n": 2, "seed": -1}, "seed must be"),
        ({"n": 2, "labels": 10}, "labels must be"),
        ({"n": 2, "labels": (1, 2, 10)}, r"labels\[2\] must be 0 \.\.\. 9; got 10"),
        ({"n": 2, "labels": ()}, "the number of labels must be"),
        ({"n": 2, "labels": [1, 2]}, "labels must be one class, or a tuple"),
        ({"n": 2, "batch_size": 0}, "batch_size must be"),
    ],
)
def test_wrong_arguments_leave_nothing(
    digits: Sampler, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    n = arguments.pop("n")
    with pytest.raises(InvalidArgumentError, match=message):
        generate(digits, n, tmp_path / "out", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_half_way_leaves_nothing(
    digits: Sampler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = digits.sample
    calls = []

    def fail_later(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise NonFiniteError("image 0 holds a NaN")
        return real(*arguments, **options)

    monkeypatch.setattr(digits, "sample", fail_later)
    with pytest.raises(NonFiniteError):
        generate(digits, 100, tmp_path / "out", batch_size=10)
    assert len(calls) == 3
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_nothing(digits: Sampler, tmp_path: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(digits, 100, tmp_path / "out", on_images=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_is_replaced_only_when_asked(digits: Sampler, tmp_path: Path) -> None:
    generate(digits, 5, tmp_path / "out", seed=1)
    before = contents(tmp_path / "out")
    with pytest.raises(OutputError, match="holds a data set already: use --force"):
        generate(digits, 3, tmp_path / "out", seed=2)
    assert contents(tmp_path / "out") == before
    generate(digits, 3, tmp_path / "out", seed=2, force=True)
    assert len(rows_of(tmp_path / "out")) == 3
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


def test_a_folder_of_other_files_is_never_replaced(digits: Sampler, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    for force in (False, True):
        with pytest.raises(OutputError, match=r"holds other files \(thesis.tex\)"):
            generate(digits, 3, tmp_path / "out", force=force)
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_progress_counts_every_image(digits: Sampler, tmp_path: Path) -> None:
    counts: list[int] = []
    generate(digits, 25, tmp_path / "out", batch_size=10, on_images=counts.append)
    assert counts == [10, 10, 5]
