// A network's floats to PNG files: levels of a few rows are made where the encoder wants them, in
// the cache, and never stored as a whole.
#include <atomic>

#include "bindings_png.h"
#include "dispatch.h"

namespace gansdk {
namespace {

// Returns the files and the first image with an element that is not finite, or -1; such elements
// become level 0. Arguments as for `levels` and `png`.
py::tuple png_of_floats(const py::array& x, float lo, float span, float inverse, int rounding,
                        const Array<float>& mean, const Array<float>& std, bool swapped,
                        const py::list& chunks, unsigned threads) {
  const FloatImages batch = float_images(x, swapped);
  const LevelLaw law = level_law(lo, span, inverse, rounding, mean, std, batch.channels);
  require(batch.height <= 0x7FFFFFFF && batch.width <= 0x7FFFFFFF && batch.channels <= 4,
          "x is larger than a PNG can be");
  const PngFormat format = {static_cast<std::uint32_t>(batch.width),
                            static_cast<std::uint32_t>(batch.height),
                            static_cast<std::uint32_t>(batch.channels), 1};
  check(format);
  const PngHeads heads(chunks, batch.images);
  const LevelKernel kernel = active_kernels().levels;
  std::atomic<std::uint64_t> first_bad{kAllFinite};
  std::vector<PngFile> files;
  {
    const py::gil_scoped_release release;
    files = encode_png_batch(
        format, batch.images, threads,
        [&](std::uint64_t image, std::uint64_t first, std::uint64_t n, std::uint8_t* to) {
          const std::uint64_t begin = first * batch.width, end = begin + n * batch.width;
          if (!image_levels(kernel, batch, law, false, image, begin, end, to)) {
            note_bad(first_bad, image);
          }
        },
        heads);
  }
  return py::make_tuple(as_list(files, threads), static_cast<std::int64_t>(first_bad.load()));
}

}  // namespace

void define_png_of_floats(py::module_& module) {
  module.def("png_of_floats", &png_of_floats, py::arg("x"), py::arg("lo"), py::arg("span"),
             py::arg("inverse"), py::arg("rounding"), py::arg("mean"), py::arg("std"),
             py::arg("swapped"), py::arg("chunks"), py::arg("threads"));
}

}  // namespace gansdk
