// Pictures to PNG files.
#include "bindings_png.h"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace gansdk {
namespace {

// Images of shape (n, height, width, channels), uint8 or uint16, C-contiguous.
struct Pictures {
  const std::uint8_t* pixels;
  std::uint64_t count;
  PngFormat format;

  explicit Pictures(const py::array& x) {
    require(x.ndim() == 4 && (x.flags() & py::array::c_style) != 0,
            "pixels must be contiguous, 4-D");
    const auto bytes = static_cast<std::uint64_t>(x.itemsize());
    require(x.dtype().kind() == 'u' && (bytes == 1 || bytes == 2) && x.dtype().byteorder() != '>',
            "pixels must be uint8 or uint16 in native order");
    const auto side = [&x](int axis) {
      return static_cast<std::uint32_t>(std::min<py::ssize_t>(x.shape(axis), 0xFFFFFFFF));
    };
    format = {side(2), side(1), side(3), static_cast<std::uint32_t>(bytes)};
    check(format);
    pixels = static_cast<const std::uint8_t*>(x.data());
    count = static_cast<std::uint64_t>(x.shape(0));
  }

  // What PngEncoder asks rows from.
  auto rows(std::uint64_t image) const {
    const std::uint64_t row = format.row_bytes();
    return [from = pixels + image * format.bytes(), row](std::uint64_t first, std::uint64_t n,
                                                         std::uint8_t* to) {
      std::memcpy(to, from + first * row, n * row);
    };
  }
};

// `chunks`: for each image the chunks before its pixels, or nothing at all.
py::list png(const py::array& pixels, const py::list& chunks, unsigned threads) {
  const Pictures pictures(pixels);
  const PngHeads heads(chunks, pictures.count);
  std::vector<PngFile> files;
  {
    const py::gil_scoped_release release;
    files = encode_png_batch(
        pictures.format, pictures.count, threads,
        [&pictures](std::uint64_t image, std::uint64_t first, std::uint64_t n, std::uint8_t* to) {
          pictures.rows(image)(first, n, to);
        },
        heads);
  }
  return as_list(files, threads);
}

py::list png_filtered(const py::array& pixels, int kind, unsigned threads) {
  const Pictures pictures(pixels);
  require(kind >= -1 && kind < kPngFilters, "kind must be in 0 ... 4, or -1 to choose");
  std::vector<PngFile> files(pictures.count);
  {
    const py::gil_scoped_release release;
    for_each_png(
        pictures.format, pictures.count, threads,
        [&](PngEncoder& encoder, std::uint64_t i) {
          return encoder.filter(pictures.format, kind, pictures.rows(i));
        },
        [&files](std::uint64_t i, std::span<const std::uint8_t> x) { files[i] = PngFile(x); });
  }
  return as_list(files, threads);
}

}  // namespace

void define_png(py::module_& module) {
  module.def("png", &png, py::arg("pixels").noconvert(), py::arg("chunks"), py::arg("threads"));
  module.def("png_filtered", &png_filtered, py::arg("pixels").noconvert(), py::arg("kind"),
             py::arg("threads"));
}

}  // namespace gansdk
