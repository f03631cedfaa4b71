"""From the name of a factory, `package.module:factory`, to the module that it makes.

A factory is code, and finding it runs the file that it stands in: export only what you would run.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import sysconfig
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from gansdk.errors import ExportError, InvalidArgumentError

_OURS = Path(__file__).parent
_LIBRARIES = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platlib", "purelib")}
)


@contextmanager
def importable(*folders: Path) -> Iterator[None]:
    """Put folders in front of what `import` searches, as `python -m` does with the current one.

    It is to hold for as long as the module is used: its code may import as late as in `forward`.
    """
    before = list(sys.path)
    sys.path[:0] = [str(folder.resolve()) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before


def build_module(factory: str, arguments: Mapping[str, Any] | None = None) -> nn.Module:
    """Return the module that a factory makes.

    Random values that it starts from are drawn from seed 0, so that the same command exports the
    same network; torch's own state is left as it was.

    Parameters
    ----------
    factory : str
        `package.module:factory` or `path/to/file.py:factory`: a subclass of nn.Module, a function
        that returns a module, or a module.
    arguments : mapping, optional
        Keyword arguments of the factory.

    Raises
    ------
    InvalidArgumentError
        There is no such factory, or it does not take these arguments.
    ExportError
        The code fails, or gives no module; the message names its file and line.
    """
    arguments = dict(arguments or {})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found = _found(factory)
        if isinstance(found, nn.Module):
            if arguments:
                raise InvalidArgumentError(
                    f"{factory} is a module already and takes no arguments; got "
                    f"{', '.join(arguments)}"
                )
            return found
        if not callable(found):
            raise InvalidArgumentError(
                f"{factory} is {_kind(found)}: a factory is a subclass of torch.nn.Module, a "
                "function that returns a module, or a module"
            )
        _check_call(found, arguments, factory)
        torch.manual_seed(0)  # again: whatever the import drew, it draws once a process
        try:
            made = found(**arguments)
        except (Exception, SystemExit) as error:  # the code may raise anything
            raise ExportError(f"{factory} fails: {where_and_why(error)}") from error
    if not isinstance(made, nn.Module):
        raise ExportError(
            f"{factory} returns {_kind(made)}: a factory must return one torch.nn.Module"
        )
    return made


def find_function(name: str) -> Callable[..., Any]:
    """Return the function that a name means, written as a factory's.

    Raises
    ------
    InvalidArgumentError
        There is no such function.
    ExportError
        The code around it fails.
    """
    found = _found(name)
    if not callable(found) or isinstance(found, (type, nn.Module)):
        raise InvalidArgumentError(f"{name} is {_kind(found)}, not a function")
    function: Callable[..., Any] = found
    return function


def where_and_why(error: BaseException) -> str:
    """Return the first line of an exception, its type, and the line of the user's code.

    That is the innermost line outside of installed packages, or the innermost one of all.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, SyntaxError):
        place = f"{error.filename}:{error.lineno}"
        return f"SyntaxError: {error.msg} ({place})"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not (Path(frame.filename).parent == _OURS or frame.filename.startswith("<frozen"))
    ]
    own = [frame for frame in frames if not _is_library(frame.filename)]
    place = "".join(f" ({f.filename}:{f.lineno})" for f in (own or frames)[-1:])
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}{place}"


def _found(name: str) -> Any:
    module, _, attribute = name.rpartition(":")
    if not module or not attribute:
        raise InvalidArgumentError(
            f"{name!r} names nothing in a file: write package.module:name or path/to/file.py:name"
        )
    return _attribute(_import(module), attribute, name)


def _import(name: str) -> ModuleType:
    if name.endswith(".py"):
        return _import_file(Path(name))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise InvalidArgumentError(
                f"there is no module {missing!r} to import, neither in the working directory nor "
                "installed: for a file write path/to/file.py:factory"
            ) from None
        raise ExportError(f"importing {name} fails: {where_and_why(error)}") from error
    except (Exception, SystemExit) as error:  # the code may raise anything
        raise ExportError(f"importing {name} fails: {_import_reason(error)}") from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InvalidArgumentError(f"there is no file {path}")
    path = path.resolve()
    name = path.stem
    known = sys.modules.get(name)
    if known is not None:
        if getattr(known, "__file__", None) == str(path):
            return known
        name = f"{name}_{zlib.crc32(bytes(path)):08x}"
        if name in sys.modules:
            return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:  # no suffix .py leads here
        raise InvalidArgumentError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and torch.jit look their module up by its name.
    sys.modules[name] = module
    if str(path.parent) not in sys.path:  # as `python file.py` has it
        sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the code may raise anything
        del sys.modules[name]
        raise ExportError(f"importing {path} fails: {_import_reason(error)}") from error
    return module


def _import_reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return (
            f"it ends the program ({where_and_why(error)}): what it does as a script belongs "
            "under if __name__ == '__main__'"
        )
    hint = ": name a file of a package as package.module" * ("relative import" in str(error))
    return where_and_why(error) + hint


def _attribute(module: ModuleType, names: str, factory: str) -> Any:
    found: Any = module
    for name in names.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            made = [k for k, v in vars(module).items() if _is_factory(v, module)]
            has = f"it has {', '.join(made[:5])}" if made else "it defines no nn.Module"
            raise InvalidArgumentError(
                f"there is no {names!r} in {factory.rpartition(':')[0]}: {has}"
            ) from None
    return found


def _is_factory(value: Any, module: ModuleType) -> bool:
    if isinstance(value, nn.Module):
        return True
    ours = getattr(value, "__module__", None) == module.__name__
    return ours and isinstance(value, type) and issubclass(value, nn.Module)


def _check_call(found: Any, arguments: Mapping[str, Any], factory: str) -> None:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # of compiled code, which says itself what it takes
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
        # A default may have a repr of many lines.
        takes = " ".join(str(inspect.Signature(bare)).split())
        raise InvalidArgumentError(
            f"{factory} takes {takes[:200]}; {error}: give its arguments with "
            "--factory-arg name=VALUE"
        ) from None


def _is_library(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file or file.startswith(_LIBRARIES)


def _kind(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {', '.join(type(v).__name__ for v in value) or '0'}"
    name = type(value).__name__
    return "None" if value is None else f"a{'n' * (name[0].lower() in 'aeiou')} {name}"
