// Huffman codes of limited length, as deflate's (RFC 1951, section 3.2.2).
#pragma once

#include <cstdint>

namespace gansdk {

// Lengths of an optimal code, or nearly: 0 where the count is 0, otherwise at most `most_bits`.
// Where fewer than two symbols occur, others are given a length too, so that the code is complete.
// At most 286 symbols, 2 or more.
void huffman_lengths(const std::uint32_t* counts, int symbols, unsigned most_bits,
                     std::uint8_t* lengths);

// The canonical codes of these lengths, bits in the order in which deflate sends them.
void huffman_codes(const std::uint8_t* lengths, int symbols, std::uint16_t* codes);

}  // namespace gansdk
