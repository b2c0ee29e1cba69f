// Measures training steps on one batch of given token ids; tools/bench/train runs it beside the peer. Every token but
// the first of a row is learnt. Prints one JSON line; times are of whole optimizer steps, memory is the peak of this
// process.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_store.hpp"
#include "forgelm/engine/training.hpp"

namespace {

using namespace forgelm;

/// A program's options: --name value, or --name alone.
class Options {
 public:
  Options(int argc, char** argv) : words_(argv + 1, argv + argc) {}
  std::string text(std::string_view name, std::string otherwise) const {
    const auto found = std::find(words_.begin(), words_.end(), cat("--", name));
    return found == words_.end() || found + 1 == words_.end() ? otherwise : *(found + 1);
  }
  std::int64_t number(std::string_view name, std::int64_t otherwise) const {
    return std::atol(text(name, std::to_string(otherwise)).c_str());
  }
  bool has(std::string_view name) const {
    return std::find(words_.begin(), words_.end(), cat("--", name)) != words_.end();
  }

 private:
  std::vector<std::string> words_;
};

/// 32-bit ids, row after row.
std::vector<std::int32_t> read_ids(const std::string& path, std::size_t count) {
  std::vector<std::int32_t> ids(count);
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(ids.data()), static_cast<std::streamsize>(count * sizeof(std::int32_t)));
  if (!in) throw ConfigError(cat(path, " does not hold ", count, " ids"));
  return ids;
}

data::PreparedData one_batch(const std::filesystem::path& folder, const Options& options) {
  const auto rows = static_cast<std::size_t>(options.number("batch", 4));
  const auto length = static_cast<std::size_t>(options.number("seq", 512));
  const auto ids = read_ids(options.text("ids", ""), rows * length);
  const Json description = Json::object({{"name", "benchmark"}});
  data::TokenStoreWriter writer(folder / "tokens", description);
  for (std::size_t row = 0; row < rows; ++row) {
    data::Sequence sequence;
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(row * length);
    sequence.ids.assign(begin, begin + static_cast<std::ptrdiff_t>(length));
    sequence.learnt.push_back({1, static_cast<std::uint32_t>(length)});
    data::Example example;
    example.row = row;
    example.sequences.push_back(std::move(sequence));
    writer.append(example);
  }
  writer.commit(Json());
  const auto store =
      std::make_shared<const data::TokenStore>(data::TokenStore::open(folder / "tokens", description).value());
  data::PreparedData prepared;
  prepared.sources.push_back({"benchmark", {}});
  prepared.sources.back().tokens.store = store;
  prepared.train = std::make_shared<const data::ExampleList>(store);
  return prepared;
}

config::JobConfig job_for(const Options& options) {
  config::JobConfig job;
  job.model.name_or_path = options.text("model", "");
  job.model.load_in_4bit = options.has("4bit");
  job.data.shuffle = false;
  job.lora.r = options.number("rank", 16);
  job.lora.alpha = 2 * job.lora.r;
  job.lora.dropout = 0;
  job.lora.target_modules = {"all-linear"};
  if (options.has("full")) job.lora.method = config::LoraMethod::none;
  auto& training = job.training;
  training.max_steps = options.number("steps", 8) + 1;
  training.per_device_train_batch_size = options.number("batch", 4);
  training.gradient_accumulation_steps = 1;
  training.learning_rate = 1e-4;
  training.lr_scheduler = config::LrScheduler::constant;
  training.precision =
      options.text("dtype", "float32") == "bfloat16" ? config::Precision::bfloat16 : config::Precision::float32;
  training.gradient_checkpointing =
      options.has("checkpointing") ? config::GradientCheckpointing::true_ : config::GradientCheckpointing::false_;
  training.save_steps = training.eval_steps = 1'000'000;
  return job;
}

class Stopwatch final : public engine::TrainingObserver {
 public:
  void on_step(const engine::StepReport& report) override {
    if (report.step == 1) first_loss = report.loss;
    else seconds.push_back(report.step_seconds);  // the first step fills caches
  }
  double first_loss = 0;
  std::vector<double> seconds;
};

int run(const Options& options, const std::filesystem::path& folder) {
  engine::TrainingRequest request;
  request.job = job_for(options);
  request.data = one_batch(folder, options);
  request.run_folder = folder;
  request.run_id = "fg-000000000000";
  request.device = "cpu";
  const auto session = engine::open_training(std::move(request));
  Stopwatch watch;
  session->run(watch);
  std::sort(watch.seconds.begin(), watch.seconds.end());
  const auto tokens = static_cast<double>(options.number("batch", 4) * options.number("seq", 512));
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const Json result = Json::object({{"best_tokens_per_s", tokens / watch.seconds.front()},
                                    {"median_tokens_per_s", tokens / watch.seconds[watch.seconds.size() / 2]},
                                    {"first_loss", watch.first_loss},
                                    {"peak_rss_mb", usage.ru_maxrss / 1024}});
  std::printf("%s\n", dump(result).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string pattern = (std::filesystem::temp_directory_path() / "forgelm-bench-XXXXXX").native();
  if (::mkdtemp(pattern.data()) == nullptr) return 2;
  int exit_code = 2;
  try {
    exit_code = run(Options(argc, argv), pattern);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_bench: %s\n", error.what());
  }
  std::filesystem::remove_all(pattern);
  return exit_code;
}
