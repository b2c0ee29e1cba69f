// libFuzzer's entry for the readers of CSV; see docs/fuzzing.md.
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "fuzz/row_invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // One comparison for an input, by its bytes: several times as many inputs. The tests make all on those kept.
  const std::string broken = forgelm::test::broken_csv_promise(bytes, std::hash<std::string_view>()(bytes));
  if (broken.empty()) return 0;
  std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
  std::abort();
}
