// The standard library's way, which a C++ program without this one would take: a Mersenne Twister
// through std::normal_distribution, one value at a time. Compiled when the benchmark runs.
#include <cstddef>
#include <cstdint>
#include <random>

// The engine lives as long as the process.
extern "C" void* std_normal_new(std::uint32_t seed) { return new std::mt19937(seed); }

extern "C" void std_normal_fill(void* engine, float* out, std::size_t size) {
  std::mt19937& words = *static_cast<std::mt19937*>(engine);
  std::normal_distribution<float> normal;
  for (std::size_t i = 0; i < size; ++i) out[i] = normal(words);
}
