// What comes before the first attention of a vision transformer, with seeded weights instead of
// trained ones: pixels -> patches -> embedding + position -> layernorm -> q, k, v.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <random>

#include "idx_images.hpp"

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline matrix random_matrix(Eigen::Index rows, Eigen::Index columns, double deviation,
                            unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal(0, static_cast<float>(deviation));
  matrix m(rows, columns);
  std::generate_n(m.data(), m.size(), [&] { return normal(bits); });
  return m;
}

// [images * patches, side * side], for a side that divides the image. Pixels are scaled to mean 0
// and deviation 1 over the data set.
inline matrix cut_into_patches(const idx_images& images, int side) {
  constexpr float mean = 0.2860f, deviation = 0.3530f;  // of Fashion-MNIST
  const int down = images.rows / side, across = images.columns / side;
  matrix patches(Eigen::Index{images.count} * down * across, side * side);
  const unsigned char* pixel = images.pixels.data();
  for (int n = 0; n < images.count; ++n)
    for (int y = 0; y < images.rows; ++y)
      for (int x = 0; x < images.columns; ++x, ++pixel)
        patches((Eigen::Index{n} * down + y / side) * across + x / side,
                y % side * side + x % side) = (static_cast<float>(*pixel) / 255 - mean) / deviation;
  return patches;
}

// [images * patches, 3 * width]: q, k and v side by side, with entries of about 1, so that the
// scores <q, k> / sqrt(head dim) are of about 1 as well.
inline matrix project_to_qkv(const matrix& patches, Eigen::Index length, Eigen::Index width) {
  const Eigen::Index images = patches.rows() / length;
  const double pixels = static_cast<double>(patches.cols());
  matrix tokens = patches * random_matrix(patches.cols(), width, 1 / std::sqrt(pixels), 1);
  tokens += random_matrix(length, width, 1, 2).replicate(images, 1);  // position embedding
  tokens.colwise() -= tokens.rowwise().mean().eval();                 // layernorm
  tokens.array().colwise() /=
      (tokens.rowwise().squaredNorm().array() / static_cast<float>(width) + 1e-6f).sqrt().eval();
  return tokens * random_matrix(width, 3 * width, 1 / std::sqrt(static_cast<double>(width)), 3);
}
