// Reads the images of an idx file, gzip'd or not (http://yann.lecun.com/exdb/mnist):
// magic number 0x00000803, then count, rows, columns, all big-endian, then a byte per pixel.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct idx_images {
  int count = 0, rows = 0, columns = 0;
  std::vector<unsigned char> pixels;  // [count, rows, columns]
};

// The first `wanted` images. Throws std::runtime_error, which says what is wrong with the file.
inline idx_images read_idx_images(const std::string& path, int wanted) {
  const auto fail = [&](const std::string& what) { throw std::runtime_error(path + ": " + what); };
  const auto close = [](gzFile file) { gzclose(file); };
  const std::unique_ptr<gzFile_s, decltype(close)> file(gzopen(path.c_str(), "rb"), close);
  if (!file)
    fail(
        "cannot be opened. On Debian: apt-get install dataset-fashion-mnist. Elsewhere, fetch it "
        "from https://github.com/zalandoresearch/fashion-mnist and name its directory with --data");

  const auto read = [&](unsigned char* to, std::size_t bytes) {
    const int got = gzread(file.get(), to, static_cast<unsigned>(bytes));
    if (got < 0 || static_cast<std::size_t>(got) != bytes)
      fail("is cut short or damaged: found " + std::to_string(got < 0 ? 0 : got) + " of " +
           std::to_string(bytes) + " bytes");
  };
  const auto read_number = [&] {
    unsigned char b[4];
    read(b, sizeof b);
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
  };
  if (const std::uint32_t magic = read_number(); magic != 0x00000803)
    fail("magic number: found " + std::to_string(magic) + ", wanted 2051: an idx file of images");
  const std::uint32_t count = read_number(), rows = read_number(), columns = read_number();
  if (rows == 0 || columns == 0 || rows > 1024 || columns > 1024)
    fail("image size: found " + std::to_string(rows) + " x " + std::to_string(columns) +
         ", wanted 1 to 1024 pixels");
  if (count < static_cast<std::uint32_t>(wanted))
    fail("images: found " + std::to_string(count) + ", wanted " + std::to_string(wanted));

  idx_images images{wanted, static_cast<int>(rows), static_cast<int>(columns), {}};
  images.pixels.resize(static_cast<std::size_t>(wanted) * rows * columns);
  read(images.pixels.data(), images.pixels.size());
  return images;
}
