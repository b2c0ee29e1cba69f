// Results come in order, memory is bounded, and the error seen is the first in order.
#include "forgelm/core/ordered_work.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp"

using forgelm::run_ordered;

namespace {

/// Gives 0 to n-1.
auto numbers(int n) {
  return [next = 0, n]() mutable -> std::optional<int> { return next < n ? std::optional<int>(next++) : std::nullopt; };
}

}  // namespace

TEST_CASE("Results are written in the order of reading, whichever thread is done first") {
  for (const int num_threads : {1, 2, 7}) {
    std::vector<int> written;
    run_ordered<int, int>(
        num_threads, numbers(500),
        [](int item, int) {
          if (item % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
          return item * 3;
        },
        [&](int result) { written.push_back(result); });
    REQUIRE(written.size() == 500);
    for (int i = 0; i < 500; ++i) REQUIRE(written[static_cast<std::size_t>(i)] == i * 3);
  }
}

TEST_CASE("No more items are held than twice the threads and two") {
  std::atomic<int> held{0};
  int most = 0;
  run_ordered<int, int>(
      3,
      [&, next = 0]() mutable -> std::optional<int> {
        if (next == 200) return std::nullopt;
        ++held;
        return next++;
      },
      [](int item, int) { return item; },
      [&](int) {
        most = std::max(most, held.load());
        --held;
      });
  CHECK(most <= 8);
  CHECK(held == 0);
}

TEST_CASE("The error of the earliest item is the one seen, and all before it is written") {
  for (int round = 0; round < 20; ++round) {
    std::vector<int> written;
    try {
      run_ordered<int, int>(
          4, numbers(100),
          [](int item, int) -> int {
            if (item == 20) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (item >= 20) throw std::runtime_error(std::to_string(item));
            return item;
          },
          [&](int result) { written.push_back(result); });
      FAIL("no error");
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()) == "20");
    }
    CHECK(written.size() == 20);
  }
}

TEST_CASE("Errors of reading and of writing end the work") {
  int num_written = 0;
  CHECK_THROWS_WITH((run_ordered<int, int>(
                        2,
                        [next = 0]() mutable -> std::optional<int> {
                          if (next == 5) throw std::runtime_error("reading");
                          return next++;
                        },
                        [](int item, int) { return item; }, [&](int) { ++num_written; })),
                    "reading");
  CHECK(num_written == 5);
  CHECK_THROWS_WITH((run_ordered<int, int>(
                        2, numbers(50), [](int item, int) { return item; },
                        [&](int item) {
                          if (item == 3) throw std::runtime_error("writing");
                        })),
                    "writing");
}

TEST_CASE("No items are no work") {
  run_ordered<int, int>(
      2, numbers(0), [](int item, int) { return item; }, [](int) { FAIL("written"); });
  CHECK(forgelm::num_processors() >= 1);
}
