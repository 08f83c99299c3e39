// Decode: one query over a long cache, against the rate at which one core reads memory.
#include "runner.hpp"

namespace bench {
namespace {

constexpr const char* decode_help =
    R"(Speed of decode, one query over a long cache, one run per functor, number type, workload and number
of threads:
  decode/<functor>/<f32, bf16 or f16>/<workload>/threads:<n>

Workloads: 8192 keys of dim 128 and 32 query heads; decode_mha_8k has 32 kv heads, decode_gqa_8k has 8.
*_z50, *_z90: that share of the scores is below zero. relu_dense skips no value row.

Counters:
  GBps     bytes of all k and v in the cache, those of skipped rows included, per second
  of_read  GBps over the rate at which one thread read memory just before, however many threads decode

)";

// 32 heads, 8 or 32 kv heads. Without a shift (z50) about half of the scores are below zero.
std::vector<workload> decode_workloads() {
  const workload gqa{"decode_gqa_8k", 1, 32, 8, 1, 8192, 128};
  const workload mha{"decode_mha_8k", 1, 32, 32, 1, 8192, 128};
  std::vector<workload> all{gqa, mha};
  for (workload w : {gqa, mha}) {
    w.name += "_z90";
    w.zeros = 0.9;
    all.push_back(w);
  }
  return all;
}

double read_limit() {
  static const big_buffer memory;
  double best = 0;
  for (int i = 0; i < 4; ++i)
    best = std::max({best, memory.read_rate<1>(), memory.read_rate<2>(), memory.read_rate<4>()});
  return best;
}

template <class T, class Attention>
void add_decode(const std::string& functor, const Attention& attention, const workload& w,
                int threads, const std::string& name) {
  const std::string run =
      "decode/" + functor + "/" + dtype<T> + "/" + name + "/threads:" + std::to_string(threads);
  const auto scratch = std::make_shared<skipmax::workspace>();
  progress_of_all().expect(run);
  benchmark::RegisterBenchmark(run.c_str(), [=](benchmark::State& state) {
    progress_of_all().show(run, state);
    or_skip(state, [&] {
      const operands<T>& x = operands_of<T>(w);
      const workers& on = workers_of(threads);
      const std::vector<index> lengths(static_cast<std::size_t>(w.batch), w.key_length);
      const auto call = [&] {
        attention.decode(x.q, x.k, x.v, lengths.data(), x.out, on, *scratch);
      };
      call();  // allocates
      const double limit = read_limit();
      const double time = seconds([&] {
        for (auto _ : state) call();
      });
      const double numbers = 2 * static_cast<double>(w.batch * w.kv_heads * w.key_length * w.dim);
      const double rate =
          1e-9 * numbers * sizeof(T) * static_cast<double>(state.iterations()) / time;
      state.counters["GBps"] = rate;
      state.counters["of_read"] = rate / limit;
      state.counters["zeros"] = x.zeros;
      state.counters["workspace_bytes"] = static_cast<double>(scratch->bytes());
    });
  })->Unit(benchmark::kMicrosecond);
}

void add_all(const options& o) {
  if (!o.sweep.empty()) {
    std::fputs("bench_decode has no --sweep: wanted bench_forward, or --shape\n", stderr);
    std::exit(1);
  }
  std::vector<workload> all = decode_workloads();
  for (const workload& w : o.workloads)
    if (w.name.starts_with("custom")) all.push_back(w);
  const skipmax::relu_attention relu;
  for (int threads : o.threads)
    for (const workload& w : all) {
      if (w.zeros > 0.5) {
        add_decode<float>("relu", relu, w, threads, w.name);
        continue;
      }
      const std::string z50 = w.name + "_z50";
      add_decode<float>("softmax", skipmax::softmax_attention{}, w, threads, w.name);
      add_decode<float>("relu", relu, w, threads, z50);
      add_decode<float>("relu_dense", relu.with(skipmax::skip_zeros::never), w, threads, z50);
      add_decode<skipmax::bf16>("softmax", skipmax::softmax_attention{}, w, threads, w.name);
      add_decode<skipmax::bf16>("relu", relu, w, threads, z50);
      add_decode<skipmax::f16>("softmax", skipmax::softmax_attention{}, w, threads, w.name);
    }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::run_all<bench::decode_help>(argc, argv, bench::add_all);
}
