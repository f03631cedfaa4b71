#include "png_dispatch.h"

#include <string_view>

#include "dispatch.h"

namespace gansdk {
namespace {

// Wanting a little more than the sampling kernels do, these may lack on a CPU that runs those.
std::vector<const PngKernels*> detect() {
  std::vector<const PngKernels*> found = {&baseline::png_kernels};
#ifdef GANSDK_X86_KERNELS
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul");
  if (avx2) found.push_back(&avx2::png_kernels);
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vbmi")) {
    found.push_back(&avx512::png_kernels);
  }
#endif
  return found;
}

}  // namespace

const std::vector<const PngKernels*>& available_png_kernels() {
  static const std::vector<const PngKernels*> found = detect();
  return found;
}

const PngKernels& active_png_kernels() {
  static const PngKernels& active = []() -> const PngKernels& {
    const std::string_view most = active_kernels().isa;
    const std::vector<const PngKernels*>& found = available_png_kernels();
    for (std::size_t i = found.size(); i-- > 1;) {
      const std::string_view isa = found[i]->isa;
      if (isa == most || most == "avx512") return *found[i];
    }
    return *found.front();
  }();
  return active;
}

}  // namespace gansdk
