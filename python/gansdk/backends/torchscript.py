"""TorchScript: for those who run torch anyway."""

from __future__ import annotations

from typing import Any

from .torch_module import TorchModuleBackend


class TorchScriptBackend(TorchModuleBackend):
    """A network in TorchScript, which PyTorch has deprecated."""

    what = "TorchScript"

    def _load(self, torch: Any, extra: dict[str, Any]) -> Any:
        module = torch.jit.load(str(self.path), map_location=self.device, _extra_files=extra)
        return module.eval()
