#include "dispatch.h"

#include <array>
#include <cstdlib>

#ifdef GANSDK_X86_KERNELS
#include <cpuid.h>
#endif

namespace gansdk {
namespace {

constexpr std::array<const char*, 3> kKnown = {"baseline", "avx2", "avx512"};

#ifdef GANSDK_X86_KERNELS
// Clang 14 does not know the name. Whether the system keeps the registers was asked with AVX2.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

std::vector<const Kernels*> detect() {
  std::vector<const Kernels*> found = {&baseline::kernels};
#ifdef GANSDK_X86_KERNELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && has_f16c()) found.push_back(&avx2::kernels);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    found.push_back(&avx512::kernels);
  }
#endif
  return found;
}

std::string names_of(const std::vector<const Kernels*>& tables) {
  std::string names;
  for (const Kernels* kernels : tables) {
    if (!names.empty()) names += ", ";
    names += kernels->isa;
  }
  return names;
}

}  // namespace

const std::vector<const Kernels*>& available_kernels() {
  static const std::vector<const Kernels*> found = detect();
  return found;
}

const Kernels& kernels_named(const std::string& isa, const std::vector<const Kernels*>& among) {
  for (const Kernels* kernels : among) {
    if (isa == kernels->isa) return *kernels;
  }
  const std::string mend = "; this CPU runs " + names_of(among) + ": name one or unset it";
  for (const char* known : kKnown) {
    if (isa == known) throw UnsupportedIsa("GANSDK_ISA=" + isa + " is not available here" + mend);
  }
  throw UnknownIsa("GANSDK_ISA='" + isa + "' is not an instruction set of gansdk" + mend);
}

const Kernels& active_kernels() {
  static const Kernels& active = []() -> const Kernels& {
    const char* forced = std::getenv("GANSDK_ISA");
    if (forced != nullptr && *forced != '\0') return kernels_named(forced);
    return *available_kernels().back();
  }();
  return active;
}

}  // namespace gansdk
