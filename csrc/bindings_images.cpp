// Floats to levels, and levels to floats.
#include <utility>

#include "bindings.h"
#include "dispatch.h"
#include "level_batch.h"
#include "level_values.h"

namespace gansdk {
namespace {

using FloatArray = Array<float>;

// float32, float16, or uint16 that holds bfloat16.
Format format_of(const py::dtype& dtype) {
  if (dtype.kind() == 'f' && dtype.itemsize() == 4) return Format::kFloat32;
  if (dtype.kind() == 'f' && dtype.itemsize() == 2) return Format::kFloat16;
  require(dtype.kind() == 'u' && dtype.itemsize() == 2,
          "x must be float32, float16, or uint16 holding bfloat16");
  return Format::kBFloat16;
}

// The lowest address of an array, and the one behind its highest.
std::pair<std::uintptr_t, std::uintptr_t> extent(const py::array& x) {
  auto low = reinterpret_cast<std::uintptr_t>(x.data());
  if (x.size() == 0) return {low, low};
  auto high = low + static_cast<std::uintptr_t>(x.itemsize());
  for (py::ssize_t axis = 0; axis < x.ndim(); ++axis) {
    const py::ssize_t reach = (x.shape(axis) - 1) * x.strides(axis);
    (reach < 0 ? low : high) += static_cast<std::uintptr_t>(reach);
  }
  return {low, high};
}

// Said here and not in Python, where asking takes as long as converting a small batch.
void check_out(const py::array& x, const py::array& out) {
  require((out.flags() & py::array::c_style) != 0 && out.writeable(),
          "out must be C-contiguous and writable; pass a copy of it");
  require(out.size() == x.size(), "out must have as many elements as x");
  const auto [in_low, in_high] = extent(x);
  const auto [out_low, out_high] = extent(out);
  require(in_high <= out_low || out_high <= in_low,
          "out shares memory with x: give it memory of its own");
}

}  // namespace

FloatImages float_images(const py::array& x, bool swapped) {
  require(x.ndim() == 4, "x must have four dimensions");
  const auto size = [&x](int i) { return static_cast<std::uint64_t>(x.shape(i)); };
  require(!swapped || size(1) >= 3, "x must have three channels for their order to matter");
  return {static_cast<const unsigned char*>(x.data()),
          format_of(x.dtype()),
          size(0),
          size(1),
          size(2),
          size(3),
          x.strides(0),
          x.strides(1),
          x.strides(2),
          x.strides(3),
          swapped};
}

LevelLaw level_law(float lo, float span, float inverse, int rounding, const FloatArray& mean,
                   const FloatArray& std, std::uint64_t channels) {
  require(rounding >= 0 && rounding <= 2, "rounding must be 0, 1 or 2");
  const auto size = static_cast<std::uint64_t>(mean.size());
  require(mean.size() == std.size() && (size == 0 || size == channels),
          "mean and std must hold one number a channel, or none");
  LevelLaw law = {lo, span, inverse, static_cast<Rounding>(rounding)};
  if (size != 0) law.mean = mean.data(), law.std = std.data();
  return law;
}

namespace {

// `x` is (images, channels, height, width) with any strides; `out` has as many levels, uint8 or
// uint16. Returns the first image with an element that is not finite, or -1.
std::int64_t levels(const py::array& x, py::array out, float lo, float span, float inverse,
                    int rounding, const FloatArray& mean, const FloatArray& std, bool swapped,
                    unsigned threads) {
  const FloatImages batch = float_images(x, swapped);
  const LevelLaw law = level_law(lo, span, inverse, rounding, mean, std, batch.channels);
  const bool wide = out.itemsize() == 2;
  require(out.dtype().kind() == 'u' && out.itemsize() <= 2, "out must be uint8 or uint16");
  check_out(x, out);
  const LevelKernel kernel = active_kernels().levels;
  auto* const to = static_cast<unsigned char*>(out.mutable_data());
  const py::gil_scoped_release release;
  return static_cast<std::int64_t>(fill_levels(kernel, batch, law, wide, to, threads));
}

// `x` is (images, height, width, channels); `tables` (1 or channels, 256) values of the width of
// `out`, as unsigned integers.
template <class Value>
void values(const Array<std::uint8_t>& x, const py::array& tables, py::array out, bool planar,
            bool swapped, unsigned threads) {
  require(x.ndim() == 4, "x must have four dimensions");
  check_out(x, out);
  const auto channels = static_cast<std::uint64_t>(x.shape(3));
  const auto count = static_cast<std::uint64_t>(tables.shape(0));
  require(tables.shape(1) == 256 && (count == 1 || count == channels),
          "tables must hold 256 values, for all channels or for each");
  require(!swapped || channels >= 3, "x must have three channels for their order to matter");
  const LevelImages<Value> batch = {x.data(),
                                    static_cast<std::uint64_t>(x.shape(0)),
                                    channels,
                                    static_cast<std::uint64_t>(x.shape(1) * x.shape(2)),
                                    static_cast<const Value*>(tables.data()),
                                    count != 1,
                                    planar,
                                    swapped,
                                    static_cast<Value*>(out.mutable_data())};
  const py::gil_scoped_release release;
  look_up(batch, threads);
}

void values_of_any_width(const Array<std::uint8_t>& x, const py::array& tables,
                         const py::array& out, bool planar, bool swapped, unsigned threads) {
  require(tables.ndim() == 2 && (tables.flags() & py::array::c_style) != 0,
          "tables must be contiguous");
  require(tables.itemsize() == out.itemsize(), "tables and out must have the same dtype");
  if (out.itemsize() == 4) return values<std::uint32_t>(x, tables, out, planar, swapped, threads);
  require(out.itemsize() == 2, "out must be float32, or of two bytes");
  values<std::uint16_t>(x, tables, out, planar, swapped, threads);
}

}  // namespace

void define_images(py::module_& module) {
  module.def("levels", &levels, py::arg("x"), py::arg("out"), py::arg("lo"), py::arg("span"),
             py::arg("inverse"), py::arg("rounding"), py::arg("mean"), py::arg("std"),
             py::arg("swapped"), py::arg("threads"));
  module.def("values", &values_of_any_width, py::arg("x").noconvert(), py::arg("tables"),
             py::arg("out"), py::arg("planar"), py::arg("swapped"), py::arg("threads"));
}

}  // namespace gansdk
