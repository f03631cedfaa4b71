"""`.pt2`: PyTorch's exported programs, the successor of TorchScript."""

from __future__ import annotations

from typing import Any

from .torch_module import TorchModuleBackend


class Pt2Backend(TorchModuleBackend):
    """A network in an archive that torch.export wrote."""

    what = "torch.export"

    def _load(self, torch: Any, extra: dict[str, Any]) -> Any:
        program = torch.export.load(str(self.path), extra_files=extra)
        if self.device != "cpu":
            from_here = torch.export.passes.move_to_device_pass
            program = from_here(program, self.device)
        # Its guards check what the spec says already, at some microseconds a run.
        return program.module(check_guards=False)
