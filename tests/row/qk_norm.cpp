#include "skipmax/row/qk_norm.hpp"

#include "skipmax/row/row_slots.hpp"
#include "support/rows.hpp"

namespace {

using skipmax::head_vector;
using skipmax::layer_norm;
using skipmax::qk_layernorm;
using skipmax::qk_rmsnorm;
using skipmax::qk_rows;
using skipmax::rms_norm;

static_assert(skipmax::qk_transform<qk_layernorm<float>>);
static_assert(skipmax::qk_transform<qk_rmsnorm<double>>);
static_assert(skipmax::qk_transform<qk_rows<layer_norm<float>, skipmax::no_transform>>);

const float wq[4] = {1, 2, 3, 4}, wk[8] = {5, 6, 7, 8, 9, 10, 11, 12};

TEST(qk_norm, layer_norms) {
  const qk_layernorm norms{head_vector{wq, 4}, head_vector{wk, 4, 2}, 1e-3};
  static_assert(std::is_same_v<decltype(norms.q_rows()), layer_norm<float>>);
  EXPECT_EQ(norms.q_rows().weight.data, wq);
  EXPECT_EQ(norms.k_rows().weight.data, wk);
  EXPECT_EQ(norms.k_rows().weight.heads, 2);
  EXPECT_TRUE(norms.q_rows().bias.is_none() && norms.k_rows().bias.is_none());
  EXPECT_EQ(norms.q_rows().eps, 1e-3);
  EXPECT_EQ(norms.k_rows().eps, 1e-3);
  EXPECT_EQ((qk_layernorm{head_vector{wq, 4}, head_vector{wk, 4}}.q_rows().eps), 1e-6);
  EXPECT_TRUE(qk_layernorm{}.k_rows().weight.is_none());
}

TEST(qk_norm, rms_norms) {
  const qk_rmsnorm norms{head_vector{wq, 4}, head_vector{wk, 4, 2}, 1e-3, true};
  static_assert(std::is_same_v<decltype(norms.k_rows()), rms_norm<float>>);
  EXPECT_EQ(norms.q_rows().weight.data, wq);
  EXPECT_EQ(norms.k_rows().weight.data, wk);
  EXPECT_EQ(norms.q_rows().eps, 1e-3);
  EXPECT_TRUE(norms.q_rows().one_plus && norms.k_rows().one_plus);
  EXPECT_FALSE((qk_rmsnorm{head_vector{wq, 4}, head_vector{wk, 4}}.k_rows().one_plus));
}

TEST(qk_norm, any_two) {
  const qk_rows rows{layer_norm{head_vector{wq, 4}}, rms_norm{head_vector{wk, 4, 2}}};
  EXPECT_EQ(rows.q_rows().weight.data, wq);
  EXPECT_EQ(rows.k_rows().weight.data, wk);
}

TEST(qk_norm, in_the_slots_of_an_attention) {
  const auto slots =
      skipmax::row_slots<>{}.with(qk_layernorm{head_vector{wq, 4}, head_vector{wk, 4, 2}});
  static_assert(slots.changes_q && slots.changes_k && !slots.changes_out);
  EXPECT_EQ(slots.q.weight.data, wq);
  EXPECT_EQ(slots.k.weight.data, wk);
}

}  // namespace
