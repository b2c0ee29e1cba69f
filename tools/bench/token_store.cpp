// Measures token stores, packing and batches; tools/bench/token_store runs it, each step in a process of its own, so
// that each has its own peak of resident memory. Prints one row of a Markdown table.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/pcg64.hpp"
#include "forgelm/data/batches.hpp"
#include "forgelm/data/packing.hpp"
#include "forgelm/data/token_store.hpp"

namespace {

using namespace forgelm;
using namespace forgelm::data;

const Json kDescription = Json::object({{"sources", Json::array()}, {"made_by", "tools/bench/token_store"}});

std::uint32_t next_length(Pcg64& random) { return static_cast<std::uint32_t>(50 + random.next_up_to(900)); }

/// Appends examples of about 500 tokens until the store holds so many MB of tokens.
std::uint64_t write(const std::string& path, std::uint64_t megabytes) {
  Pcg64 random(1);
  TokenStoreWriter writer(path, kDescription);
  Example example;
  example.sequences.resize(1);
  Sequence& sequence = example.sequences[0];
  std::uint64_t num_tokens = 0;
  for (std::uint64_t unchecked = 0; num_tokens * 4 < megabytes * 1000000; ++example.row) {
    sequence.ids.resize(next_length(random));
    for (auto& id : sequence.ids) id = static_cast<std::int32_t>(num_tokens++ * 2654435761u % 150000);
    sequence.learnt = {{20, static_cast<std::uint32_t>(sequence.ids.size())}};
    writer.append(example);
    unchecked += sequence.ids.size();
    if (unchecked < 2000000) continue;
    writer.checkpoint(Json::object({{"row", example.row + 1}}));
    unchecked = 0;
  }
  writer.commit(Json());
  return num_tokens;
}

TokenStore open_store(const std::string& path) {
  auto store = TokenStore::open(path, kDescription);
  if (!store) throw RunError(RunErrorKind::data, path + " holds no store; run the step 'write' first");
  return *std::move(store);
}

std::uint64_t verify(const std::string& path, int num_threads) {
  const TokenStore store = open_store(path);
  if (!store.verify(num_threads)) throw RunError(RunErrorKind::data, path + " is damaged");
  return store.num_tokens();
}

std::uint64_t read_epoch(const std::string& path, std::uint32_t pack_to) {
  auto store = std::make_shared<const TokenStore>(open_store(path));
  BatchStream stream(std::make_shared<const ExampleList>(std::move(store)),
                     {.batch_size = pack_to > 0 ? 1u : 8u, .pack_to = pack_to, .num_epochs = 1});
  std::uint64_t num_tokens = 0;
  while (const auto batch = stream.next()) num_tokens += batch->parts[0].ids.size();
  return num_tokens;
}

std::uint64_t pack(std::uint64_t num_examples) {
  Pcg64 random(1);
  std::vector<std::uint32_t> lengths(num_examples);
  std::uint64_t num_tokens = 0;
  for (auto& length : lengths) num_tokens += length = next_length(random);
  const Bins bins = pack_best_fit(lengths, 2048);
  std::fprintf(stderr, "%zu bins, %.4f of their room used\n", bins.size(),
               static_cast<double>(num_tokens) / (2048.0 * static_cast<double>(bins.size())));
  return num_tokens;
}

std::uint64_t run(const std::string& step, const std::string& path, std::uint64_t amount) {
  if (step == "write") return write(path, amount);
  if (step == "open") return open_store(path).num_tokens();
  if (step == "verify") return verify(path, static_cast<int>(amount));
  if (step == "epoch") return read_epoch(path, 0);
  if (step == "packed-epoch") return read_epoch(path, static_cast<std::uint32_t>(amount));
  if (step == "pack") return pack(amount);
  throw RunError(RunErrorKind::internal, "there is no step " + step);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: token_store_bench STEP DIRECTORY AMOUNT\n", stderr);
    return 1;
  }
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t num_tokens = run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  std::printf("| %s | %s | %.2f s | %.2f s | %.0f MB/s | %ld MiB |\n", argv[1], argv[3], seconds, cpu,
              static_cast<double>(num_tokens) * 4e-6 / seconds, usage.ru_maxrss / 1024);
} catch (const forgelm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code() == forgelm::ExitCode::config_error ? 1 : 2;
}
