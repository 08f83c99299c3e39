// Every slot of the library, the reference and the checker at least once; looked at, never run.
#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "skipmax/reference/forward.hpp"
#include "skipmax/testing/check_score_function.hpp"
#include "use.hpp"

using namespace skipmax;

void use_every_slot(tensor_view<const double> q, tensor_view<double> out, const double* lengths,
                    const skipmax::index* visible, thread_pool& pool, workspace& scratch) {
  const compose smooth{gelu{}, compose{gelu_erf{}, compose{laplace{}, silu{}}}};
  const compose others{softplus{}, compose{relu6{}, compose{squared_relu{}, sigmoid{1}}}};
  const both mask{key_lengths{visible, q.batch}, causal{}};
  const by_length divided{0.5, per_row{lengths, 1, q.length}};

  const auto all = attention<compose<decltype(smooth), decltype(others)>>{{smooth, others}}
                       .with(divided)
                       .with(mask)
                       .with(softcap{30})
                       .with(scale{0.1});
  all.forward(q, q, q, out, pool, scratch);
  reference::forward(all, q, q, q, out);
  testing::check_score_function(all.score);
}

void use_float(view q, out_view out) {
  const compose scores{relu{}, identity{}};
  attention<decltype(scores), unnormalized>{scores}.forward(q, q, q, out);
  sigmoid_attention{}.with(minus_log_length{fixed_number{8}}).forward(q, q, q, out);
  softmax_attention{}.with(causal{}).forward(q, q, q, out);
}
