// Floats to levels.
#include "bindings.h"
#include "sampling.h"

namespace gansdk {
namespace {

// For each format of elements: a float32, a float16, or a uint16 that holds a bfloat16.
LevelKernel level_kernel(const py::dtype& dtype) {
  const Kernels& kernels = active_kernels();
  if (dtype.kind() == 'f' && dtype.itemsize() == 4) return kernels.levels_float32;
  if (dtype.kind() == 'f' && dtype.itemsize() == 2) return kernels.levels_float16;
  if (dtype.kind() == 'u' && dtype.itemsize() == 2) return kernels.levels_bfloat16;
  throw std::invalid_argument("x must be float32, float16, or uint16 holding bfloat16");
}

// `x` has the shape (images, channels, pixels), `out` as many bytes. Returns the first image with
// an element that is not finite, or -1.
std::int64_t levels(const py::array& x, Array<std::uint8_t> out, float lo, float span,
                    float inverse, unsigned threads) {
  require(x.ndim() == 3 && (x.flags() & py::array::c_style) != 0, "x must be contiguous, 3-D");
  require(out.size() == x.size(), "out must have as many elements as x");
  const LevelKernel kernel = level_kernel(x.dtype());
  const Batch batch = {
      static_cast<const unsigned char*>(x.data()), static_cast<std::uint64_t>(x.itemsize()),
      static_cast<std::uint64_t>(x.shape(0)),      static_cast<std::uint64_t>(x.shape(1)),
      static_cast<std::uint64_t>(x.shape(2)),      out.mutable_data()};
  const py::gil_scoped_release release;
  return static_cast<std::int64_t>(fill_levels(kernel, batch, {lo, span, inverse}, threads));
}

}  // namespace

void define_images(py::module_& module) {
  module.def("levels", &levels, py::arg("x"), py::arg("out").noconvert(), py::arg("lo"),
             py::arg("span"), py::arg("inverse"), py::arg("threads"));
}

}  // namespace gansdk
