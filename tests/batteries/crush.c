/* A battery of TestU01 on the 32-bit words of standard input.
 *
 * crush BATTERY [BITS]: smallcrush | reversed (SmallCrush, bits in reverse order, because it looks
 * at the leading ones) | crush | rabbit BITS | alphabit BITS. After TestU01's own report comes one
 * line "p = <p-value> <test>" a statistic. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testu01/bbattery.h>
#include <testu01/swrite.h>
#include <testu01/unif01.h>

static uint32_t buffer[1 << 14];
static size_t next_word, words_held;

static unsigned int next(void) {
  if (next_word == words_held) {
    words_held = fread(buffer, sizeof buffer[0], sizeof buffer / sizeof buffer[0], stdin);
    if (words_held == 0) {
      fputs("crush: the words ended before the battery did\n", stderr);
      exit(3);
    }
    next_word = 0;
  }
  return buffer[next_word++];
}

static unsigned int next_reversed(void) {
  uint32_t w = __builtin_bswap32(next());
  w = (w & 0x0F0F0F0Fu) << 4 | (w >> 4 & 0x0F0F0F0Fu);
  w = (w & 0x33333333u) << 2 | (w >> 2 & 0x33333333u);
  return (w & 0x55555555u) << 1 | (w >> 1 & 0x55555555u);
}

int main(int argc, char** argv) {
  const char* battery = argc > 1 ? argv[1] : "";
  const double bits = argc > 2 ? atof(argv[2]) : 0;
  const int reversed = strcmp(battery, "reversed") == 0;
  unif01_Gen* words = unif01_CreateExternGenBits("stdin", reversed ? next_reversed : next);
  swrite_Basic = FALSE;
  if (reversed || strcmp(battery, "smallcrush") == 0) {
    bbattery_SmallCrush(words);
  } else if (strcmp(battery, "crush") == 0) {
    bbattery_Crush(words);
  } else if (strcmp(battery, "rabbit") == 0) {
    bbattery_Rabbit(words, bits);
  } else if (strcmp(battery, "alphabit") == 0) {
    bbattery_Alphabit(words, bits, 0, 32);
  } else {
    fprintf(stderr, "crush: no battery '%s'\n", battery);
    return 2;
  }
  for (int i = 0; i < bbattery_NTests; ++i) {
    printf("p = %.17g %s\n", bbattery_pVal[i], bbattery_TestNames[i]);
  }
  unif01_DeleteExternGenBits(words);
  return 0;
}
