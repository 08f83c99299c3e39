#include "skipmax/workspace.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace {

using skipmax::workspace;

static_assert(!std::is_copy_constructible_v<workspace> && !std::is_copy_assignable_v<workspace>);
static_assert(std::is_nothrow_move_constructible_v<workspace>);

TEST(workspace, begins_with_nothing) {
  const workspace scratch;
  EXPECT_EQ(scratch.data(), nullptr);
  EXPECT_EQ(scratch.bytes(), 0);
}

TEST(workspace, grows_and_never_shrinks) {
  workspace scratch;
  scratch.reserve(100);
  EXPECT_GE(scratch.bytes(), 100);
  std::memset(scratch.data(), 1, 100);
  void* const small = scratch.data();
  scratch.reserve(50);
  EXPECT_EQ(scratch.data(), small);
  scratch.reserve(1000000);
  EXPECT_GE(scratch.bytes(), 1000000);
  std::memset(scratch.data(), 1, 1000000);
}

TEST(workspace, is_aligned_to_a_page) {
  workspace scratch;
  for (skipmax::index bytes : {1, 5000, 70000}) {
    scratch.reserve(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(scratch.data()) % 4096, 0u);
  }
}

TEST(workspace, moves) {
  workspace first;
  first.reserve(10);
  void* const data = first.data();
  workspace second(std::move(first));
  EXPECT_EQ(second.data(), data);
  workspace third;
  third.reserve(20);
  third = std::move(second);
  EXPECT_EQ(third.data(), data);
  EXPECT_GE(third.bytes(), 10);
}

}  // namespace
