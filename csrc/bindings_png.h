// What bindings that write PNG files share.
#pragma once

#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "bindings.h"
#include "png_batch.h"

namespace gansdk {

// The chunks before the pixels, for each of `count` images; from a list of lists of bytes, each the
// type and then the data, or from an empty list. Lives no longer than that list.
class PngHeads {
 public:
  PngHeads(const py::list& images, std::uint64_t count) {
    for (const py::handle image : images) {
      std::vector<std::string_view>& chunks = heads_.emplace_back();
      for (const py::handle chunk : py::cast<py::list>(image)) chunks.push_back(view(chunk));
    }
    require(heads_.empty() || heads_.size() == count, "chunks must be one list for each image");
  }

  std::span<const std::string_view> operator()(std::uint64_t image) const {
    if (heads_.empty()) return {};
    return heads_[image];
  }

 private:
  static std::string_view view(const py::handle& chunk) {
    char* data = nullptr;
    py::ssize_t size = 0;
    if (PyBytes_AsStringAndSize(chunk.ptr(), &data, &size) != 0) throw py::error_already_set();
    require(size >= 4 && size - 4 <= 0x7FFFFFFF,
            "a chunk holds its type and at most 2^31 - 1 bytes");
    return {data, static_cast<std::size_t>(size)};
  }

  std::vector<std::vector<std::string_view>> heads_;
};

// The files as Python's bytes. They are copied without the GIL and over threads: what costs is less
// the copy than the first touch of its pages.
inline py::list as_list(std::vector<PngFile>& files, unsigned threads) {
  py::list all(files.size());
  std::vector<char*> to(files.size());
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto size = static_cast<py::ssize_t>(files[i].size);
    PyObject* file = PyBytes_FromStringAndSize(nullptr, size);
    if (file == nullptr) {
      PyErr_Clear();
      throw std::bad_alloc();
    }
    all[i] = py::reinterpret_steal<py::object>(file);
    to[i] = PyBytes_AS_STRING(file);
    bytes += files[i].size;
  }
  {
    const py::gil_scoped_release release;
    const std::uint64_t mean = 1 + bytes / (files.size() + 1);
    parallel_for(files.size(), 1 + kParallelBytes / mean, threads, [&](auto first, auto last) {
      for (std::uint64_t i = first; i < last; ++i) {
        std::memcpy(to[i], files[i].data.get(), files[i].size);
        files[i].data.reset();
      }
    });
  }
  return all;
}

}  // namespace gansdk
