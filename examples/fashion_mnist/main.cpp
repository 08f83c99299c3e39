// Every attention of the library on real images: Fashion-MNIST, cut into 49, 196 or 784 patches as
// the paper's models cut ImageNet, projected to q, k and v with seeded weights (untrained, so this
// shows how the functions behave, not how well they classify).
#include <unistd.h>

#include <chrono>
#include <exception>
#include <limits>
#include <skipmax/skipmax.hpp>

#include "idx_images.hpp"
#include "options.hpp"
#include "vision_transformer.hpp"
#include "weight_statistics.hpp"

constexpr int heads = 6, dim = 64;  // of the paper's S models

// One line on the terminal, overwritten by the next; nothing if stderr is no terminal.
void show_progress(const char* what) {
  if (isatty(fileno(stderr))) std::fprintf(stderr, "\r\033[K%s", what);
}

// Best of a few calls, in milliseconds.
template <class Call>
double best_time(const Call& call) {
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 4; ++run) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

// One table. False if an attention strays from the definition.
bool compare_attentions(const idx_images& images, int side, skipmax::thread_pool& pool) {
  const int length = (images.rows / side) * (images.columns / side);
  std::printf("\n%d images, %d patches of %d x %d, %d heads of %d\n", images.count, length, side,
              side, heads, dim);
  std::printf("%-13s %9s %8s %10s %8s %8s %9s\n", "attention", "ms/batch", "zeros", "row sums",
              "least", "most", "error");

  show_progress("projecting to q, k and v");
  matrix qkv = project_to_qkv(cut_into_patches(images, side), length, heads * dim);
  const Eigen::TensorMap<Eigen::Tensor<float, 3, Eigen::RowMajor>> fused(qkv.data(), images.count,
                                                                         length, qkv.cols());
  const skipmax::qkv_views<float> in = skipmax::split_qkv(fused, heads);
  Eigen::Tensor<float, 4, Eigen::RowMajor> out_tensor(images.count, length, heads, dim);
  const view out = skipmax::as_blhd(out_tensor);
  skipmax::workspace scratch;

  bool good = true;
  const auto row = [&](const char* name, const auto& attention) {
    show_progress(name);
    const double ms = best_time([&] { attention.forward(in.q, in.k, in.v, out, pool, scratch); });
    const row_sums sums = sums_of_weights(attention, in.q, in.k, pool);
    const comparison c = compare_with_definition(attention, in.q, in.k, in.v, out);
    const bool close = c.error < 1e-5;  // float against double; not true for a NaN
    good = good && close;
    show_progress("");
    std::printf("%-13s %9.3f %7.2f%% %10.4f %8.4f %8.4f %9.1e%s\n", name, ms, 100 * c.zeros,
                sums.mean, sums.least, sums.most, c.error, close ? "" : "  too large");
    std::fflush(stdout);
  };
  const skipmax::relu_attention by_length;  // h(s) / L, here with every h in turn
  row("softmax", skipmax::softmax_attention{});
  row("relu", by_length);
  row("squared_relu", by_length.with(skipmax::squared_relu{}));
  row("relu6", by_length.with(skipmax::relu6{}));
  row("gelu", by_length.with(skipmax::gelu{}));
  row("gelu_erf", by_length.with(skipmax::gelu_erf{}));
  row("softplus", by_length.with(skipmax::softplus{}));
  row("identity", by_length.with(skipmax::identity{}));
  row("silu", by_length.with(skipmax::silu{}));
  row("laplace", by_length.with(skipmax::laplace{}));
  row("sigmoid", skipmax::sigmoid_attention{});  // sigmoid(s - log L)
  return good;
}

int main(int argc, char** argv) try {
  const options given = parse_options(argc, argv);
  const idx_images images =
      read_idx_images(given.data + "/t10k-images-idx3-ubyte.gz", given.images);
  if (images.rows != 28 || images.columns != 28)
    throw std::runtime_error("image size: found " + std::to_string(images.rows) + " x " +
                             std::to_string(images.columns) + ", wanted 28 x 28");

  skipmax::thread_pool pool(given.threads);
  bool good = true;
  for (const int side : {4, 2, 1})
    if (given.patches == 0 || given.patches == (28 / side) * (28 / side))
      good = compare_attentions(images, side, pool) && good;
  std::printf(R"(
zeros     share of the weights that are exactly 0, in 101 rows
row sums  mean, least and most of the sums of one row's weights, over all rows
error     largest difference from the definition in double, over the largest output, in 101 rows
)");
  return good ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "fashion_mnist: %s\n", error.what());
  return 2;
}
