// The PNG encoder against a decoder written from the standards, and its kernels against plain
// loops, for every instruction set that runs here.
#undef NDEBUG
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <stdexcept>

#include "png_batch.h"
#include "png_decoder.h"
#include "png_huffman.h"

using namespace gansdk;
using reference::Bytes;

namespace {

struct Random {
  std::uint64_t state = 1;
  std::uint32_t operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 33);
  }
};

Bytes bytes_of(std::uint64_t n, const std::function<int(std::uint64_t)>& value) {
  Bytes out(n);
  for (std::uint64_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(value(i));
  return out;
}

// What filtered rows may look like, and what they should not.
std::vector<Bytes> pathological(std::uint64_t n) {
  Random random;
  std::vector<std::uint8_t> fibonacci;  // counts 1, 1, 2, 3, 5, ...: the deepest tree
  for (std::uint64_t a = 1, b = 1, s = 0; fibonacci.size() < n; ++s) {
    fibonacci.insert(fibonacci.end(), a, static_cast<std::uint8_t>(s));
    b += a;
    a = b - a;
  }
  const auto normal = [&random](double scale) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += random() * 0x1p-31;
    return static_cast<int>(std::lround(scale * sum));
  };
  return {
      bytes_of(n, [](auto) { return 0; }),
      bytes_of(n, [](auto) { return 255; }),
      bytes_of(n, [](auto i) { return i % 2 ? 7 : 0; }),
      bytes_of(n, [](auto i) { return static_cast<int>(i); }),
      bytes_of(n, [](auto i) { return static_cast<int>(i / 9); }),
      bytes_of(n, [](auto i) { return static_cast<int>(i / 300); }),
      bytes_of(n, [n](auto i) { return i + 1 == n; }),
      bytes_of(n, [&](auto) { return static_cast<int>(random()); }),
      bytes_of(n, [&](auto) { return random() % 40 ? 0 : static_cast<int>(random()); }),
      bytes_of(n, [&](auto) { return random() % 3 ? 0 : 1; }),
      bytes_of(n, [&](auto) { return normal(1); }),
      bytes_of(n, [&](auto) { return normal(30); }),
      bytes_of(n, [&](auto i) { return normal(static_cast<double>(i % 4096) / 40); }),
      bytes_of(n, [&](auto i) { return fibonacci[i * 7919 % n]; }),
  };
}

void test_checksums(const PngKernels& kernels) {
  const auto* digits = reinterpret_cast<const std::uint8_t*>("123456789");
  assert(kernels.crc32(0, digits, 9) == 0xCBF43926 && kernels.adler32(1, digits, 9) == 0x091E01DE);
  const Bytes ones(100000, 255);  // the sums' largest
  assert(kernels.adler32(1, ones.data(), ones.size()) == reference::adler32(ones));
  Random random;
  const Bytes x = bytes_of(3000, [&](auto) { return static_cast<int>(random()); });
  for (std::uint64_t n = 0; n <= x.size(); n += n < 300 ? 1 : 97) {
    const std::span<const std::uint8_t> all(x.data() + n % 3, n - n % 3);
    for (const std::uint64_t cut :
         {std::uint64_t{0}, std::uint64_t{all.size() / 3}}) {  // continued
      const std::uint32_t crc = kernels.crc32(0, all.data(), cut);
      assert(kernels.crc32(crc, all.data() + cut, all.size() - cut) == reference::crc32(all));
      const std::uint32_t adler = kernels.adler32(1, all.data(), cut);
      assert(kernels.adler32(adler, all.data() + cut, all.size() - cut) == reference::adler32(all));
    }
  }
}

void test_filters(const PngKernels& kernels) {
  Random random;
  for (const std::uint64_t pixel : {1, 2, 3, 4, 6, 8}) {
    for (std::uint64_t bytes = pixel; bytes < 300; bytes += pixel) {
      const Bytes memory = bytes_of(2 * kPngSlack + 2 * bytes,
                                    [&](auto) { return static_cast<int>(random() % 256); });
      const std::uint8_t *above = &memory[kPngSlack], *row = above + bytes;
      std::uint64_t least = ~std::uint64_t{0};
      int best = -1;
      for (int type = 0; type < kPngFilters; ++type) {
        Bytes found(bytes + kPngSlack);
        kernels.filter(type, {row, above, bytes, pixel}, found.data());
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < bytes; ++i) {
          const int a = i < pixel ? 0 : row[i - pixel], c = i < pixel ? 0 : above[i - pixel];
          const auto x =
              static_cast<std::uint8_t>(row[i] - reference::predicted(type, a, above[i], c));
          assert(found[i] == x);
          sum += static_cast<std::uint64_t>(std::abs(static_cast<std::int8_t>(x)));
        }
        if (sum < least) least = sum, best = type;
      }
      assert(kernels.choose_filter({row, above, bytes, pixel}) == best);
    }
  }
  // All that Paeth's choice depends on.
  for (int c = 0; c < 256; c += 3) {
    Bytes row(256 * 2 + 2 * kPngSlack), above = row, found(256 * 2 + kPngSlack);
    for (int b = 0; b < 256; b += 5) {
      for (int a = 0; a < 256; ++a) {
        row[kPngSlack + 2 * a] = static_cast<std::uint8_t>(a);
        above[kPngSlack + 2 * a] = static_cast<std::uint8_t>(c);
        above[kPngSlack + 2 * a + 1] = static_cast<std::uint8_t>(b);
      }
      kernels.filter(4, {&row[kPngSlack], &above[kPngSlack], 512, 1}, found.data());
      for (int a = 0; a < 256; ++a) {
        assert(found[2 * a + 1] == static_cast<std::uint8_t>(-reference::predicted(4, a, b, c)));
      }
    }
  }
}

void test_runs_and_counts(const PngKernels& kernels) {
  Random random;
  for (std::uint64_t n = 1; n < 700; n += n < 200 ? 1 : 13) {
    const std::uint32_t change = 1 + random() % 40;
    int byte = 0;
    const Bytes x = bytes_of(n, [&](auto) {
      if (random() % change == 0) byte = static_cast<int>(random() % 3);
      return byte;
    });
    std::vector<PngRun> runs(n / kLeastRun + 1);
    const std::uint64_t found = kernels.find_runs(x.data(), n, runs.data());
    std::uint64_t r = 0;
    for (std::uint64_t i = 1; i < n;) {
      std::uint64_t end = i;
      while (end < n && x[end] == x[i - 1]) ++end;
      if (end - i >= kLeastRun) {
        assert(r < found && runs[r].start == i && runs[r].length == end - i);
        ++r;
      }
      i = end + 1;
    }
    assert(r == found);
    std::uint32_t counts[256] = {5}, expected[256] = {5};
    kernels.histogram(x.data(), n, counts);
    for (const std::uint8_t b : x) ++expected[b];
    assert(std::memcmp(counts, expected, sizeof counts) == 0);
  }
}

void test_huffman() {
  for (const unsigned most : {7u, 14u}) {
    const int symbols = most == 7 ? 19 : kLiteralLengths;
    for (int used = 0; used <= symbols; ++used) {
      for (int law = 0; law < 3; ++law) {
        std::vector<std::uint32_t> counts(symbols);
        std::uint64_t a = 1, b = 1;
        for (int s = 0; s < used; ++s) {
          counts[s * 5 % symbols] = static_cast<std::uint32_t>(law == 0 ? 1 : law == 1 ? 1 + s : a);
          b += a;
          a = b - a;
          if (b > 100000) a = b = 1;
        }
        std::vector<std::uint8_t> lengths(symbols);
        huffman_lengths(counts.data(), symbols, most, lengths.data());
        std::uint64_t total = 0;
        for (int s = 0; s < symbols; ++s) {
          assert(lengths[s] <= most && (counts[s] == 0 || lengths[s] != 0));
          if (lengths[s] != 0) total += std::uint64_t{1} << (most - lengths[s]);
          for (int t = 0; t < symbols; ++t) {
            assert(lengths[t] == 0 || lengths[s] <= lengths[t] || counts[s] <= counts[t] ||
                   std::bit_width(counts[s]) == std::bit_width(counts[t]));
          }
        }
        assert(total == std::uint64_t{1} << most);  // complete
      }
    }
  }
}

Bytes deflated(const PngKernels& kernels, const Bytes& x, bool last) {
  DeflateBlocks blocks(kernels);
  Bytes out(deflate_bound(x.size()) + 8);
  PngBits bits = {out.data(), 0, 0};
  blocks.put(x.data(), x.size(), last, bits);
  if (!last) blocks.put(x.data(), 1, true, bits);
  if (bits.count != 0) *bits.to++ = static_cast<std::uint8_t>(bits.bits);
  const auto size = static_cast<std::uint64_t>(bits.to - out.data());
  assert(size <= deflate_bound(x.size()));
  out.resize(size);
  return out;
}

void test_blocks(const PngKernels& kernels) {
  int types[3] = {};
  for (const std::uint64_t n : {1, 2, 3, 9, 64, 259, 260, 261, 262, 519, 4000, 70000}) {
    for (Bytes x : pathological(n)) {
      for (const bool last : {true, false}) {
        const Bytes out = deflated(kernels, x, last);
        assert(out == deflated(baseline::png_kernels, x, last));
        reference::Inflate inflate(out);
        if (!last) x.push_back(x[0]);
        assert(inflate.run() == x && inflate.used() == out.size());
        for (int type = 0; type < 3; ++type) types[type] += inflate.blocks[type];
      }
    }
  }
  assert(types[0] > 0 && types[1] > 0 && types[2] > 0);
}

Bytes encoded(PngEncoder& encoder, const PngFormat& format, const Bytes& native) {
  const std::uint64_t row = format.row_bytes();
  const auto file =
      encoder.encode(format, {}, [&](std::uint64_t first, std::uint64_t n, std::uint8_t* to) {
        assert(n != 0 && first + n <= format.height);
        std::memcpy(to, &native[first * row], n * row);
      });
  return {file.begin(), file.end()};
}

void check_image(PngEncoder& encoder, PngEncoder& plain, const PngFormat& format,
                 const Bytes& native) {
  const Bytes file = encoded(encoder, format, native);
  assert(file == encoded(plain, format, native));
  const reference::Png png = reference::decode(file);
  assert(png.width == format.width && png.height == format.height);
  assert(png.channels == format.channels && png.sample_bytes == format.sample_bytes);
  Bytes expected = native;
  if (format.sample_bytes == 2 && std::endian::native == std::endian::little) {
    for (std::size_t i = 0; i < expected.size(); i += 2) std::swap(expected[i], expected[i + 1]);
  }
  assert(png.pixels == expected);
}

void test_images(const PngKernels& kernels) {
  PngEncoder encoder(kernels), plain(baseline::png_kernels);
  Random random;
  for (std::uint32_t height = 1; height <= 40; ++height) {
    for (std::uint32_t width = 1; width <= 40; ++width) {
      const std::uint32_t channels = 1 + (width + height) % 4, bytes = 1 + width * height % 2;
      for (const PngFormat& format :
           {PngFormat{width, height, 3, 1}, PngFormat{width, height, channels, bytes}}) {
        const std::uint32_t kind = random() % 3;
        check_image(encoder, plain, format, bytes_of(format.bytes(), [&](auto i) {
                      return kind == 0   ? static_cast<int>(random())
                             : kind == 1 ? static_cast<int>(i / (4 * channels))
                                         : static_cast<int>(random() % 100 == 0);
                    }));
      }
    }
  }
  for (const PngFormat& format : {PngFormat{300, 170, 3, 1}, PngFormat{40000, 2, 4, 1},
                                  PngFormat{1, 70000, 1, 1}, PngFormat{120, 130, 2, 2}}) {
    for (const Bytes& x : pathological(format.bytes())) check_image(encoder, plain, format, x);
  }
}

void test_chunks() {
  PngEncoder encoder(active_png_kernels(), 1000);
  Random random;
  const PngFormat format = {200, 400, 3, 1};
  const Bytes x = bytes_of(format.bytes(), [&](auto) { return static_cast<int>(random()); });
  const std::vector<std::string_view> chunks = {"tEXtTitle", "tEXtx"};
  const auto file = encoder.encode(format, chunks, [&](auto first, auto n, std::uint8_t* to) {
    std::memcpy(to, &x[first * 600], n * 600);
  });
  const reference::Png png = reference::decode(file);
  assert(png.pixels == x && png.idats > 3);
  assert(png.chunks == std::vector<std::string>({"tEXtTitle", "tEXtx"}));
  assert(file.size() < x.size() + x.size() / 500 + 300);  // noise is stored
  for (const PngFormat& wrong : {PngFormat{0, 1, 1, 1}, PngFormat{1, 1u << 31, 1, 1},
                                 PngFormat{1, 1, 5, 1}, PngFormat{1, 1, 1, 3}}) {
    bool refused = false;
    try {
      encoded(encoder, wrong, {});
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    assert(refused);
  }
}

void test_batch() {
  const PngFormat format = {61, 47, 3, 1};
  const std::uint64_t count = 23, row = format.row_bytes();
  Random random;
  const Bytes x = bytes_of(count * format.bytes(),
                           [&](auto i) { return static_cast<int>(i / 100 + random() % 4); });
  PngEncoder encoder;
  for (const unsigned threads : {1u, 2u, 5u, 0u}) {
    const auto files = encode_png_batch(
        format, count, threads,
        [&](std::uint64_t image, std::uint64_t first, std::uint64_t n, std::uint8_t* to) {
          std::memcpy(to, &x[image * format.bytes() + first * row], n * row);
        },
        [](std::uint64_t) { return std::span<const std::string_view>(); });
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto at = x.begin() + static_cast<std::ptrdiff_t>(i * format.bytes());
      const Bytes alone =
          encoded(encoder, format, Bytes(at, at + static_cast<std::ptrdiff_t>(format.bytes())));
      assert(alone == Bytes(files[i].data.get(), files[i].data.get() + files[i].size));
    }
  }
}

// Where threads are watched, what one thread does takes thirty times as long and shows nothing.
#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadsAlone = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kThreadsAlone = true;
#else
constexpr bool kThreadsAlone = false;
#endif
#else
constexpr bool kThreadsAlone = false;
#endif

}  // namespace

int main() {
  test_batch();
  test_chunks();
  if (kThreadsAlone) return 0;
  test_huffman();
  for (const PngKernels* kernels : available_png_kernels()) {
    test_checksums(*kernels);
    test_filters(*kernels);
    test_runs_and_counts(*kernels);
    test_blocks(*kernels);
    test_images(*kernels);
    std::printf("%s: passed\n", kernels->isa);
  }
  return 0;
}
