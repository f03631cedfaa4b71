// Compiled once per instruction set, as kernels.cpp is and by the same rules.
#include "png_kernels.h"

#include "png_checksums.h"
#include "png_filters.h"
#include "png_literals.h"
#include "vectors.h"

namespace gansdk {

namespace GANSDK_KERNELS_NAMESPACE {
const PngKernels png_kernels = {GANSDK_STRING(GANSDK_KERNELS_NAMESPACE),
                                big_endian,
                                choose_filter,
                                filter,
                                find_runs,
                                histogram,
                                put_literals,
                                adler32,
                                crc32};
}

}  // namespace gansdk
