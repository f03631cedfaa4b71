// The only files that know Python, bindings*.cpp: check, drop the GIL, call. What a user may get
// wrong is checked in Python, which knows how to say it; what is checked here keeps memory safe.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <stdexcept>

#include "level_batch.h"

namespace py = pybind11;

namespace gansdk {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

inline void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

// A batch as Python holds it: (images, channels, height, width) with any strides. `swapped`: BGR.
FloatImages float_images(const py::array& x, bool swapped);

// `mean` and `std` are empty, or hold a number for each channel; they must outlive the law.
LevelLaw level_law(float lo, float span, float inverse, int rounding, const Array<float>& mean,
                   const Array<float>& std, std::uint64_t channels);

void define_images(py::module_& module);
void define_png(py::module_& module);
void define_png_of_floats(py::module_& module);

}  // namespace gansdk
