// The PNG kernels for this CPU, chosen along with the others: dispatch.h.
#pragma once

#include <vector>

#include "png_kernels.h"

namespace gansdk {

// Those that this CPU runs and this build holds, slowest first; never empty.
const std::vector<const PngKernels*>& available_png_kernels();

// The fastest ones that need no more than the active kernels do, GANSDK_ISA included. Throws as
// active_kernels() does.
const PngKernels& active_png_kernels();

}  // namespace gansdk
