// The latents of a list of cases as bytes, so that any machine's can be compared with any other's.
//
//     dump_latents [threads] < tests/data/golden_latents.txt | sha256sum
//     dump_latents --self-test
//
// Reads lines of `law seed start stream count dim parameter ...`, # for comments, and writes the
// elements of each, in order, lowest byte first whatever the machine's order. Laws that the core
// does not hold (random and labels are Python's) are passed over. GANSDK_ISA forces a table.
// --self-test runs what importing the Python module runs, and fails with its message.
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "self_test.h"

using namespace gansdk;

namespace {

struct Case {
  std::string law;
  Rows rows;
  std::uint64_t count;
  std::string parameter;
};

bool read_case(const std::string& line, Case& to) {
  if (line.empty() || line[0] == '#') return false;
  std::istringstream words(line);
  to.rows = {};
  if (!(words >> to.law >> to.rows.seed >> to.rows.start >> to.rows.stream >> to.count >>
        to.rows.dim >> to.parameter)) {
    throw std::invalid_argument("not a case: " + line);
  }
  return true;
}

template <class T>
void write(LatentKernel<T> kernel, const Case& wanted, unsigned threads) {
  std::vector<T> values(wanted.count * wanted.rows.dim);
  fill_latents(kernel, &wanted.rows.seed, false, wanted.rows, wanted.count, values.data(), threads);
  if constexpr (std::endian::native == std::endian::big) {
    for (T& value : values)
      value = std::bit_cast<T>(__builtin_bswap32(std::bit_cast<std::uint32_t>(value)));
  }
  if (std::fwrite(values.data(), sizeof(T), values.size(), stdout) != values.size()) {
    throw std::runtime_error("cannot write to stdout");
  }
}

void dump(std::istream& cases, unsigned threads) {
  const Kernels& kernels = active_kernels();
  Case wanted;
  for (std::string line; std::getline(cases, line);) {
    if (!read_case(line, wanted)) continue;
    if (wanted.law == "normal") write(kernels.normal, wanted, threads);
    if (wanted.law == "uniform") write(kernels.uniform, wanted, threads);
    if (wanted.law == "truncated_normal") {
      wanted.rows.truncation = kernels.truncation(std::strtof(wanted.parameter.c_str(), nullptr));
      write(kernels.truncated_normal, wanted, threads);
    }
    if (wanted.law == "words") write(kernels.words, wanted, threads);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string(argv[1]) == "--self-test") {
      const std::string failure = self_test();
      if (!failure.empty()) throw std::runtime_error(failure);
      return 0;
    }
    dump(std::cin, argc > 1 ? static_cast<unsigned>(std::stoul(argv[1])) : 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dump_latents: %s\n", error.what());
    return 1;
  }
  return 0;
}
