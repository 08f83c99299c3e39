// Plain Eigen with its two products by OpenBLAS. EIGEN_USE_BLAS does that too, but here it would
// give the same templates another meaning than in other units of this program.

#include <cblas.h>

#include "peer.hpp"
#include "peers.hpp"
#include "plain_eigen.hpp"

namespace bench {
namespace {

struct openblas_products {
  template <class Rows, class Scores>
  void scores(float scale, const Rows& q, const Rows& k, Scores& s) const {
    product(CblasTrans, scale, q, k, s);
  }
  template <class Scores, class Rows, class Out>
  void values(const Scores& p, const Rows& v, Out& out) const {
    product(CblasNoTrans, 1, p, v, out);
  }

 private:
  // c = factor a b or factor a b^T
  template <class A, class B, class C>
  static void product(CBLAS_TRANSPOSE of_b, float factor, const A& a, const B& b, C& c) {
    const auto size = [](Eigen::Index n) { return static_cast<blasint>(n); };
    cblas_sgemm(CblasRowMajor, CblasNoTrans, of_b, size(c.rows()), size(c.cols()), size(a.cols()),
                factor, a.data(), size(a.outerStride()), b.data(), size(b.outerStride()), 0,
                c.data(), size(c.outerStride()));
  }
};

}  // namespace

void add_openblas(const options& o) {
  openblas_set_num_threads(1);  // workers take heads of their own instead
  add_peer<float>(o, "openblas", [](const workload& w, weighing weigh) {
    return weigh == weighing::relu
               ? plain_forward<float>(w.causal, plain_relu{}, openblas_products{})
               : plain_forward<float>(w.causal, plain_softmax{}, openblas_products{});
  });
}

}  // namespace bench
