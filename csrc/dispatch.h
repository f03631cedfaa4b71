// The kernels for this CPU, chosen once; the environment variable GANSDK_ISA forces a choice.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.h"

namespace gansdk {

// GANSDK_ISA names no instruction set that gansdk knows.
struct UnknownIsa : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// GANSDK_ISA names one that this CPU or this build lacks.
struct UnsupportedIsa : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Those that this CPU runs and this build holds, slowest first; never empty.
const std::vector<const Kernels*>& available_kernels();

// The kernels called `isa`, if they are `among` those of a CPU; throws UnknownIsa or
// UnsupportedIsa.
const Kernels& kernels_named(const std::string& isa,
                             const std::vector<const Kernels*>& among = available_kernels());

// The active kernels. Reads GANSDK_ISA at the first call that succeeds, from whichever thread.
const Kernels& active_kernels();

}  // namespace gansdk
