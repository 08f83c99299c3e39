// One attention object, many calls at once.
#include <thread>
#include <vector>

#include "skipmax/attention.hpp"
#include "skipmax/execution/thread_pool.hpp"
#include "support/bits.hpp"

namespace {

using namespace skipmax;

// Threads that call the same object, each with operands of its own, get what each gets alone.
template <class Attention, class Execution>
void check_threads(const Attention& a, const Execution& execution) {
  const problem p{1, 65, 130, 2, 1, 24, 24};
  support::operands<float> alone(p, 1), first(p, 1), second(p, 1), third(p, 2), third_alone(p, 2);
  support::run(a, alone);
  support::run(a, third_alone);
  const auto work = [&](support::operands<float>& x) {
    for (int n = 0; n < 30; ++n) support::run(a, x, execution);
  };
  std::thread one([&] { work(first); }), two([&] { work(second); }), three([&] { work(third); });
  one.join();
  two.join();
  three.join();
  EXPECT_TRUE(support::same_bits(alone.out.read(), first.out.read()));
  EXPECT_TRUE(support::same_bits(alone.out.read(), second.out.read()));
  EXPECT_TRUE(support::same_bits(third_alone.out.read(), third.out.read()));
}

TEST(reentrancy, threads_share_an_attention) {
  check_threads(relu_attention{}, serial{});
  check_threads(softmax_attention{}.with(causal{}), serial{});
}

TEST(reentrancy, threads_share_a_pool_too) {
  const thread_pool pool(2);
  check_threads(relu_attention{}, pool);
  check_threads(softmax_attention{}.with(causal{}), pool);
}

// A call from inside a task of the same pool.
TEST(reentrancy, a_call_inside_a_task) {
  const problem p{1, 40, 70, 1, 1, 16, 16};
  support::operands<float> alone(p), x(p), y(p), z(p);
  support::run(relu_attention{}, alone);
  support::operands<float>* const each[] = {&x, &y, &z};
  const thread_pool pool(2);
  pool.for_each_task(
      3, [&](skipmax::index task, int) { support::run(relu_attention{}, *each[task], pool); });
  for (const auto* o : each) EXPECT_TRUE(support::same_bits(alone.out.read(), o->out.read()));
}

}  // namespace
