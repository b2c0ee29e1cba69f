// The engine behind the facade; the entry that the loader looks for stands at the end.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <charconv>
#include <mutex>
#include <set>
#include <thread>

#include "engine/cuda.hpp"
#include "engine/encoder/token_classifier.hpp"
#include "engine/errors.hpp"
#include "engine/training/session.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/engine/entry.hpp"

namespace forgelm::engine {
namespace {

constexpr Logger logger("forgelm.engine");

/// How many threads work in a loop that has one step for each.
int count_working_threads(int num_threads) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  at::parallel_for(0, num_threads, 1, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  return static_cast<int>(threads.size());
}

class TorchEngine final : public Engine {
 public:
  explicit TorchEngine(Libtorch libtorch) : libtorch_(std::move(libtorch)) {}

  EngineInfo info() override {
    return guarded("describe the tensor engine", [&] {
      EngineInfo info;
      info.libtorch_version = TORCH_VERSION;
      info.libtorch_folder = libtorch_.folder;
      info.cpu_capability = at::get_cpu_capability();
      info.num_threads = at::get_num_threads();
      info.num_working_threads = count_working_threads(info.num_threads);
      info.has_cuda_kernels = std::filesystem::exists(libtorch_.folder / "lib/libtorch_cuda.so");
      info.devices.push_back(processor());
      for (const DeviceInfo& gpu : cuda_driver().devices) info.devices.push_back(gpu);
      return info;
    });
  }

  void set_num_threads(int num_threads) override {
    guarded("set the number of threads", [&] {
      if (num_threads < 1) throw ConfigError(cat("the number of threads is ", num_threads), "give at least 1");
      at::set_num_threads(num_threads);
    });
  }

  Device open_device(std::string_view request) override {
    return guarded(cat("open device ", request), [&]() -> Device {
      if (request == "cpu") return {};
      if (request == "auto") return open_best();
      const int index = gpu_index(request);
      open_cuda(libtorch_, index);
      return {DeviceKind::cuda, index};
    });
  }

  std::unique_ptr<TrainingSession> open_training(TrainingRequest request) override {
    const Device device = open_device(request.device);
    return guarded("prepare the training", [&] { return make_training_session(std::move(request), device); });
  }

  std::unique_ptr<TokenClassifier> open_token_classifier(const TokenClassifierRequest& request) override {
    const Device device = open_device(request.device);
    return guarded("read the token classifier", [&] { return make_token_classifier(request, device); });
  }

 private:
  static int gpu_index(std::string_view request) {
    if (request == "cuda") return 0;
    int index = -1;
    if (constexpr std::string_view kPrefix = "cuda:"; request.substr(0, kPrefix.size()) == kPrefix) {
      const std::string_view digits = request.substr(kPrefix.size());
      const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), index);
      // 128 and more do not fit libtorch's number of a device.
      if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || index > 127) index = -1;
    }
    if (index < 0)
      throw ConfigError(cat("there is no device ", quote(request)),
                        "devices are auto, cpu, cuda and cuda:N with N from 0 to 127");
    return index;
  }

  Device open_best() {
    if (cuda_driver().devices.empty()) return {};
    try {
      open_cuda(libtorch_, 0);
      return {DeviceKind::cuda, 0};
    } catch (const RunError& error) {
      logger.warning(cuda_driver().devices[0].name, " is there but not used: ", error.what());
      return {};
    }
  }

  const Libtorch libtorch_;
};

Engine* instance(const Libtorch& from) {
  // Never destroyed: libtorch's threads may outlive main.
  static Engine* const engine = new TorchEngine(from);
  return engine;
}

}  // namespace
}  // namespace forgelm::engine

extern "C" __attribute__((visibility("default")))
const forgelm::engine::EngineEntry forgelm_engine_entry = {FORGELM_VERSION, &forgelm::engine::instance};
