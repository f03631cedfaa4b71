// The module and its latents; pictures are in bindings_images.cpp.
#include "bindings.h"

#include <limits>

#include "philox.h"
#include "sampling.h"
#include "self_test.h"

namespace {

using gansdk::Array;
using gansdk::Kernels;
using gansdk::LatentKernel;
using gansdk::require;

template <class T>
using LatentMember = LatentKernel<T> Kernels::*;

template <class T>
void fill(LatentMember<T> law, Array<T> out, const Array<std::uint64_t>& seeds, std::uint64_t start,
          std::uint32_t stream, unsigned threads, gansdk::Truncation truncation = {}) {
  require(out.ndim() == 2, "out must have two dimensions");
  const auto count = static_cast<std::uint64_t>(out.shape(0));
  const auto dim = static_cast<std::uint64_t>(out.shape(1));
  require(dim >= 1 && dim <= std::uint64_t{1} << 34, "dim must be in 1 ... 2^34");
  require(seeds.ndim() <= 1, "seeds must be one integer or one for each row");
  const bool seed_per_row = seeds.ndim() == 1;
  require(!seed_per_row || static_cast<std::uint64_t>(seeds.shape(0)) == count,
          "seeds must be one integer or one for each row");
  const auto last = std::numeric_limits<std::uint64_t>::max();
  require(seed_per_row || count == 0 || count - 1 <= last - start, "start + count exceeds 2^64");
  const LatentKernel<T> kernel = gansdk::active_kernels().*law;
  T* to = out.mutable_data();
  const std::uint64_t* seed = seeds.data();
  const py::gil_scoped_release release;
  gansdk::fill_latents(kernel, seed, seed_per_row, {0, start, dim, stream, truncation}, count, to,
                       threads);
}

void truncated_normal(Array<float> out, const Array<std::uint64_t>& seeds, std::uint64_t start,
                      std::uint32_t stream, unsigned threads, float threshold) {
  require(threshold >= 0x1p-90f, "threshold must be at least 2^-90");
  fill<float>(&Kernels::truncated_normal, std::move(out), seeds, start, stream, threads,
              gansdk::active_kernels().truncation(threshold));
}

void philox(const Array<std::uint32_t>& counter, const Array<std::uint32_t>& key,
            Array<std::uint32_t> out) {
  require(counter.ndim() == 2 && counter.shape(1) == 4, "counter must have the shape (n, 4)");
  require(key.ndim() == 2 && key.shape(1) == 2, "key must have the shape (n, 2)");
  require(out.ndim() == 2 && out.shape(1) == 4, "out must have the shape (n, 4)");
  const py::ssize_t n = out.shape(0);
  require(counter.shape(0) == n && key.shape(0) == n, "counter, key and out must have n rows");
  const std::uint32_t* c = counter.data();
  const std::uint32_t* k = key.data();
  std::uint32_t* to = out.mutable_data();
  const py::gil_scoped_release release;
  for (py::ssize_t i = 0; i < n; ++i, c += 4, k += 2, to += 4) {
    const gansdk::Words w = gansdk::philox4x32_10({c[0], c[1], c[2], c[3]}, k[0], k[1]);
    to[0] = w.w0, to[1] = w.w1, to[2] = w.w2, to[3] = w.w3;
  }
}

py::list available_isas() {
  py::list names;
  for (const Kernels* kernels : gansdk::available_kernels()) names.append(kernels->isa);
  return names;
}

void raise(const char* name, const char* message) {
  py::set_error(py::module_::import("gansdk.errors").attr(name), message);
}

constexpr const char* kOutOfMemory =
    "the result, or what is needed on the way to it, does not fit into memory: pass fewer images "
    "at once";

void translate(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const gansdk::UnsupportedIsa& error) {
    raise("DeviceError", error.what());
  } catch (const std::invalid_argument& error) {
    raise("InvalidArgumentError", error.what());
  } catch (const std::bad_alloc&) {
    raise("OutOfMemoryError", kOutOfMemory);
  } catch (const std::length_error&) {  // of a vector longer than any memory
    raise("OutOfMemoryError", kOutOfMemory);
  }
}

template <class T>
void define_law(py::module_& module, const char* name, LatentMember<T> law) {
  module.def(
      name,
      [law](Array<T> out, const Array<std::uint64_t>& seeds, std::uint64_t start,
            std::uint32_t stream,
            unsigned threads) { fill<T>(law, std::move(out), seeds, start, stream, threads); },
      py::arg("out").noconvert(), py::arg("seeds").noconvert(), py::arg("start"), py::arg("stream"),
      py::arg("threads"));
}

}  // namespace

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
  module.doc() = "gansdk's sampling core; use gansdk.latents and gansdk.images.";
  if (const std::string wrong = gansdk::self_test(); !wrong.empty()) throw py::import_error(wrong);
  py::register_local_exception_translator(translate);
  define_law(module, "normal", &Kernels::normal);
  define_law(module, "uniform", &Kernels::uniform);
  define_law(module, "words", &Kernels::words);
  module.def("truncated_normal", &truncated_normal, py::arg("out").noconvert(),
             py::arg("seeds").noconvert(), py::arg("start"), py::arg("stream"), py::arg("threads"),
             py::arg("threshold"));
  gansdk::define_images(module);
  gansdk::define_png(module);
  gansdk::define_png_of_floats(module);
  module.def("philox", &philox, py::arg("counter").noconvert(), py::arg("key").noconvert(),
             py::arg("out").noconvert());
  module.def("isa", [] { return gansdk::active_kernels().isa; });
  module.def("available_isas", &available_isas);
}
