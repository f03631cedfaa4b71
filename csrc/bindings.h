// The only files that know Python, bindings*.cpp: check, drop the GIL, call. What a user may get
// wrong is checked in Python, which knows how to say it; what is checked here keeps memory safe.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>

namespace py = pybind11;

namespace gansdk {

template <class T>
using Array = py::array_t<T, py::array::c_style>;

inline void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

void define_images(py::module_& module);

}  // namespace gansdk
