#include "png_huffman.h"

#include <algorithm>
#include <bit>

namespace gansdk {
namespace {

constexpr int kMostSymbols = 286;

// Counts are rounded to five significant bits, and so fall into few classes: sorting them takes one
// pass, and costs less than a thousandth of the bytes. Class 0 is the count 0.
int count_class(std::uint32_t count) {
  if (count < 32) return static_cast<int>(count);
  const int exponent = std::bit_width(count) - 5;
  return 16 * exponent + static_cast<int>(count >> exponent);
}
std::uint32_t class_count(int c) {
  if (c < 32) return static_cast<std::uint32_t>(c);
  return static_cast<std::uint32_t>(16 + c % 16) << (c / 16 - 1);
}
constexpr int kClasses = 16 * 27 + 32;

// Symbols that occur, rarest first, equals in their own order; returns their number.
int sort_by_count(const std::uint32_t* counts, int symbols, std::uint16_t* sorted,
                  std::uint32_t* weights) {
  std::uint16_t place[kClasses] = {};
  std::uint16_t classes[kMostSymbols];
  int top = 0;
  for (int s = 0; s < symbols; ++s) {
    const int c = count_class(counts[s]);
    classes[s] = static_cast<std::uint16_t>(c);
    ++place[c];
    top = std::max(top, c);
  }
  std::uint16_t used = 0;
  for (int c = 1; c <= top; ++c) {
    const std::uint16_t here = place[c];
    place[c] = used;
    used = static_cast<std::uint16_t>(used + here);
  }
  for (int s = 0; s < symbols; ++s) {
    if (classes[s] == 0) continue;
    const int i = place[classes[s]]++;
    sorted[i] = static_cast<std::uint16_t>(s);
    weights[i] = class_count(classes[s]);
  }
  return used;
}

// The number of leaves at each depth of the Huffman tree over `used` ascending weights, two or
// more, deeper ones counted at `most`. Two queues: leaves, and the nodes made so far, which arise
// in ascending order; endless weights end both. The two lightest of their first two are joined.
// Which those are cannot be foreseen, hence no branch decides it.
void count_depths(std::uint32_t* weights, int used, unsigned most, std::uint32_t* at_depth) {
  constexpr std::uint32_t kEndless = 0x7FFFFFFF;
  weights[used] = weights[used + 1] = kEndless;
  std::uint32_t nodes[kMostSymbols + 2];
  std::fill_n(nodes, used + 2, kEndless);
  // One too many is written at a time, and written over when its turn comes.
  std::uint16_t leaf_parent[kMostSymbols + 2], node_parent[kMostSymbols + 2];
  int leaf = 0, node = 0;
  for (int made = 0; made < used - 1; ++made) {
    const std::uint32_t l0 = weights[leaf], l1 = weights[leaf + 1];
    const std::uint32_t n0 = nodes[node], n1 = nodes[node + 1];
    leaf_parent[leaf] = leaf_parent[leaf + 1] = static_cast<std::uint16_t>(made);
    node_parent[node] = node_parent[node + 1] = static_cast<std::uint16_t>(made);
    const int leaves = 1 + (l1 <= n0) - (n1 < l0);
    leaf += leaves;
    node += 2 - leaves;
    nodes[made] = std::min(l0 + n0, std::min(l0 + l1, n0 + n1));
  }
  std::uint16_t depth[kMostSymbols];
  depth[used - 2] = 0;
  for (int n = used - 3; n >= 0; --n) {
    depth[n] = static_cast<std::uint16_t>(depth[node_parent[n]] + 1);
  }
  for (int l = 0; l < used; ++l) ++at_depth[std::min<unsigned>(depth[leaf_parent[l]] + 1u, most)];
}

// Leaves moved up to `most` have made the tree too full: in units of 2^-most, the sum of 2^-depth
// exceeds 1. As long as it does, a leaf is moved down from the deepest level that has room below,
// which makes room for one of the leaves at the bottom beside it.
void repair(std::uint32_t* at_depth, unsigned most) {
  std::uint64_t total = 0;
  for (unsigned d = 1; d <= most; ++d) total += std::uint64_t{at_depth[d]} << (most - d);
  for (; total > std::uint64_t{1} << most; --total) {
    unsigned d = most - 1;
    while (at_depth[d] == 0) --d;
    --at_depth[d];
    at_depth[d + 1] += 2;
    --at_depth[most];
  }
}

constexpr std::uint16_t reversed(std::uint16_t x) {
  x = static_cast<std::uint16_t>((x & 0x5555) << 1 | (x >> 1 & 0x5555));
  x = static_cast<std::uint16_t>((x & 0x3333) << 2 | (x >> 2 & 0x3333));
  x = static_cast<std::uint16_t>((x & 0x0F0F) << 4 | (x >> 4 & 0x0F0F));
  return static_cast<std::uint16_t>(x << 8 | x >> 8);
}

}  // namespace

void huffman_lengths(const std::uint32_t* counts, int symbols, unsigned most_bits,
                     std::uint8_t* lengths) {
  std::uint16_t sorted[kMostSymbols];
  std::uint32_t weights[kMostSymbols + 2];
  const int used = sort_by_count(counts, symbols, sorted, weights);
  std::fill_n(lengths, symbols, std::uint8_t{0});
  if (used < 2) {
    lengths[0] = 1;
    lengths[used == 0 || sorted[0] == 0 ? 1 : sorted[0]] = 1;
    return;
  }
  std::uint32_t at_depth[16] = {};
  count_depths(weights, used, most_bits, at_depth);
  repair(at_depth, most_bits);
  int next = 0;
  for (unsigned d = most_bits; d >= 1; --d) {
    for (std::uint32_t i = 0; i < at_depth[d]; ++i) {
      lengths[sorted[next++]] = static_cast<std::uint8_t>(d);
    }
  }
}

void huffman_codes(const std::uint8_t* lengths, int symbols, std::uint16_t* codes) {
  std::uint32_t at_length[16] = {}, next[16] = {};
  for (int s = 0; s < symbols; ++s) ++at_length[lengths[s]];
  for (unsigned n = 1, code = 0; n < 16; ++n) {  // codes from the top of 16 bits
    next[n] = code;
    code += at_length[n] << (16 - n);
  }
  for (int s = 0; s < symbols; ++s) {
    codes[s] = static_cast<std::uint16_t>(next[lengths[s]]);
    next[lengths[s]] += 1u << (16 - lengths[s]);
  }
  for (int s = 0; s < symbols; ++s) codes[s] = reversed(codes[s]);
}

}  // namespace gansdk
