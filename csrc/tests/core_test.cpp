// Known answers, and bit equality between instruction sets, cuts and thread counts.
//     core_test tests/data
#undef NDEBUG
#include <bit>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "elementary.h"
#include "philox.h"
#include "self_test.h"
#include "truncated.h"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

using namespace gansdk;

namespace {

using Seeds = std::vector<std::uint64_t>;

// Lines of a known-answer file, without comments and the column separators.
std::vector<std::istringstream> lines(const std::string& path) {
  std::ifstream file(path);
  if (!file) std::printf("cannot read %s\n", path.c_str());
  assert(file);
  std::vector<std::istringstream> found;
  for (std::string line; std::getline(file, line);) {
    for (char& c : line) {
      if (c == '|' || c == '-' || c == '>') c = ' ';
    }
    if (!line.empty() && line[0] != '#') found.emplace_back(line);
  }
  assert(!found.empty());
  return found;
}

void test_philox(const std::string& data) {
  for (std::istringstream& line : lines(data + "/philox4x32_10.txt")) {
    std::uint32_t v[10];
    for (std::uint32_t& x : v) assert(line >> std::hex >> x);
    const Words w = philox4x32_10({v[0], v[1], v[2], v[3]}, v[4], v[5]);
    assert(w.w0 == v[6] && w.w1 == v[7] && w.w2 == v[8] && w.w3 == v[9]);
  }
}

// uniform: word -> element. truncation: threshold -> below between. truncated: threshold word ->
// element. All floats are bits. The other two laws are Python's.
void test_laws_known_answers(const std::string& data, const Kernels& kernels) {
  for (std::istringstream& line : lines(data + "/laws_known_answers.txt")) {
    std::string kind;
    std::uint32_t a, b, c;
    line >> kind >> std::hex;
    if (kind == "random" || kind == "labels") continue;
    assert(line >> a >> b);
    if (kind == "uniform") {
      assert(as_bits(symmetric_uniform(a)) == b);
      continue;
    }
    assert(line >> c);
    const Truncation law = kernels.truncation(as_float(a));
    if (kind == "truncation") {
      assert(as_bits(law.below) == b && as_bits(law.between) == c);
    } else {
      assert(kind == "truncated" && as_bits(truncated_normal<true>(b, law)) == c);
      assert(has_tails(law) || as_bits(truncated_normal<false>(b, law)) == c);
    }
  }
}

template <class T>
std::vector<T> latents(LatentKernel<T> kernel, const Seeds& seeds, Rows rows, std::uint64_t count,
                       unsigned threads = 1) {
  std::vector<T> out(count * rows.dim + 1, T(77));
  fill_latents(kernel, seeds.data(), seeds.size() > 1, rows, count, out.data(), threads);
  assert(out.back() == T(77));  // nothing is written behind the end
  out.pop_back();
  return out;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// box: word word sin-element cos-element. normal: seed index stream element value.
void test_normal_known_answers(const std::string& data, const Kernels& kernels) {
  for (std::istringstream& line : lines(data + "/normal_known_answers.txt")) {
    std::string kind;
    line >> kind >> std::hex;
    if (kind == "box") {
      std::uint32_t a, b, sine, cosine;
      assert(line >> a >> b >> sine >> cosine);
      const float r = radius(a);
      const SinCos<float> turn = sincos_turns(b);
      assert(as_bits(r * turn.sin) == sine && as_bits(r * turn.cos) == cosine);
    } else {
      std::uint64_t seed, index, stream, element, bits;
      assert(kind == "normal" && line >> seed >> index >> stream >> element >> bits);
      const Rows rows = {0, index, element + 1, static_cast<std::uint32_t>(stream)};
      const std::vector<float> row = latents(kernels.normal, {seed}, rows, 1);
      assert(as_bits(row[element]) == bits);
    }
  }
}

void test_latents(const Kernels& kernels) {
  const Kernels& base = baseline::kernels;
  const std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t dim : {1, 2, 3, 4, 5, 31, 64, 127, 128, 257, 1000}) {
    const Rows rows = {0, 1234567890123ull, dim, 16};
    const auto expected = latents(base.normal, {last}, rows, 41);
    assert(same_bits(latents(kernels.normal, {last}, rows, 41), expected));
    assert(
        same_bits(latents(kernels.uniform, {5}, rows, 41), latents(base.uniform, {5}, rows, 41)));
    assert(same_bits(latents(kernels.words, {5}, rows, 41), latents(base.words, {5}, rows, 41)));
    for (const float threshold : {0x1p-90f, 0.5f, 4.0f}) {
      Rows cut = rows;
      cut.truncation = kernels.truncation(threshold);
      const auto z = latents(kernels.truncated_normal, {5}, cut, 41);
      assert(same_bits(z, latents(base.truncated_normal, {5}, cut, 41)));
      for (const float x : z) assert(-threshold <= x && x <= threshold);
    }
    for (std::uint64_t i = 0; i < 41; i += 13) {  // a row alone equals the row in its batch
      const Rows one = {0, rows.start + i, dim, 16};
      const auto row = latents(kernels.normal, {last}, one, 1);
      assert(std::memcmp(row.data(), &expected[i * dim], dim * sizeof(float)) == 0);
    }
  }
  const auto end = latents(kernels.normal, {3}, {0, last - 2, 6, 0}, 3);
  const auto very_last = latents(kernels.normal, {3}, {0, last, 6, 0}, 1);
  assert(std::memcmp(&end[12], very_last.data(), 24) == 0);
}

void test_threads(const Kernels& kernels) {
  for (const std::uint64_t dim : {3, 128}) {
    const std::uint64_t count = 600000 / dim;
    const auto one = latents(kernels.normal, {9}, {0, 7, dim, 0}, count, 1);
    for (const unsigned threads : {0u, 2u, 5u}) {
      assert(same_bits(latents(kernels.normal, {9}, {0, 7, dim, 0}, count, threads), one));
    }
    Seeds seeds(count);
    for (std::uint64_t i = 0; i < count; ++i) seeds[i] = i * 0x9E3779B97F4A7C15ull;
    const auto scattered = latents(kernels.normal, seeds, {0, 2, dim, 0}, count, 3);
    for (std::uint64_t i = 0; i < count; i += 997) {
      const auto row = latents(kernels.normal, {seeds[i]}, {0, 2, dim, 0}, 1);
      assert(std::memcmp(row.data(), &scattered[i * dim], dim * sizeof(float)) == 0);
    }
  }
  const auto huge = latents(kernels.words, {1}, {0, 0, 1 << 20, 0}, 1, 4);  // one row, cut
  assert(same_bits(huge, latents(baseline::kernels.words, {1}, {0, 0, 1 << 20, 0}, 1)));
}

// A library that was linked with -ffast-math sets these modes for the whole process.
void test_flush_to_zero([[maybe_unused]] const Kernels& kernels) {
#ifdef __SSE2__
  const auto all = [&kernels] {
    Rows rows = {0, 0, 1000, 0};
    std::vector<std::vector<float>> found = {latents(kernels.normal, {8}, rows, 1000)};
    for (const float threshold : {0x1p-90f, 0.5f, 4.0f, 11.9f}) {
      rows.truncation = kernels.truncation(threshold);
      found.push_back(latents(kernels.truncated_normal, {8}, rows, 1000));
    }
    return found;
  };
  const auto expected = all();
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // results and operands
  const auto flushed = all();
  _mm_setcsr(before);
  for (std::size_t i = 0; i < expected.size(); ++i) assert(same_bits(flushed[i], expected[i]));
#endif
}

void test_parallel() {
  std::vector<int> hits(1000);
  parallel_for(1000, 7, 4, [&](auto first, auto last) {
    for (; first < last; ++first) ++hits[first];
  });
  for (const int hit : hits) assert(hit == 1);
  parallel_for(0, 7, 4, [](auto, auto) { assert(false); });
  bool caught = false;
  try {
    parallel_for(100, 1, 4, [](auto first, auto) {
      if (first == 50) throw std::runtime_error("stop");
    });
  } catch (const std::runtime_error&) {
    caught = true;
  }
  assert(caught);
}

// The message with which `isa` is refused on a CPU that runs those `among`.
template <class Error>
std::string refusal(const char* isa, const std::vector<const Kernels*>& among) {
  try {
    kernels_named(isa, among);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

void test_dispatch() {
  const std::vector<const Kernels*> old_cpu = {&baseline::kernels};
  assert(&kernels_named("baseline", old_cpu) == &baseline::kernels);
  const std::string mend = "; this CPU runs baseline: name one or unset it";
  assert(refusal<UnsupportedIsa>("avx512", old_cpu) ==
         "GANSDK_ISA=avx512 is not available here" + mend);
  assert(refusal<UnknownIsa>("sse9", old_cpu) ==
         "GANSDK_ISA='sse9' is not an instruction set of gansdk" + mend);
  for (const Kernels* kernels : available_kernels()) {
    assert(&kernels_named(kernels->isa) == kernels);
  }
}

// A law of the baseline with the lowest bit of its first element flipped.
template <auto kLaw, class T>
void one_bit_off(const Rows& rows, std::uint64_t first, std::uint64_t last, T* out) {
  (baseline::kernels.*kLaw)(rows, first, last, out);
  out[0] = std::bit_cast<T>(std::bit_cast<std::uint32_t>(out[0]) ^ 1u);
}

void test_self_test() {
  assert(self_test() == "");
  Kernels wrong = baseline::kernels;
  wrong.normal = one_bit_off<&Kernels::normal, float>;
  assert(self_test(wrong) == std::string("normal latents"));
  wrong = baseline::kernels;
  wrong.uniform = one_bit_off<&Kernels::uniform, float>;
  assert(self_test(wrong) == std::string("uniform latents"));
  wrong = baseline::kernels;
  wrong.truncated_normal = one_bit_off<&Kernels::truncated_normal, float>;
  assert(self_test(wrong) == std::string("truncated normal latents"));
  wrong = baseline::kernels;
  wrong.words = one_bit_off<&Kernels::words, std::uint32_t>;
  assert(self_test(wrong) == std::string("random words"));
  wrong = baseline::kernels;
  wrong.levels = [](const Pixels& pixels, const LevelLaw& law) {
    const bool finite = baseline::kernels.levels(pixels, law);
    pixels.out[pixels.pixels - 1] += law.inverse == 0;
    return finite;
  };
  assert(self_test(wrong) == std::string("levels"));
}

}  // namespace

int main(int argc, char** argv) {
  assert(argc == 2);
  const std::string data = argv[1];
  test_philox(data);
  test_parallel();
  test_dispatch();
  test_self_test();
  for (const Kernels* kernels : available_kernels()) {
    test_normal_known_answers(data, *kernels);
    test_laws_known_answers(data, *kernels);
    test_latents(*kernels);
    test_threads(*kernels);
    test_flush_to_zero(*kernels);
    std::printf("%s: passed\n", kernels->isa);
  }
  assert(std::string(active_kernels().isa) != "");
  return 0;
}
