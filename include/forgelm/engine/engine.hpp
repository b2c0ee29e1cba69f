// The facade of the tensor engine: all that other modules see of it. No header here includes torch.
// The engine is a library of its own, libforgelm_engine.so, opened by the first call of engine(); commands that need no
// tensors never load it, start in milliseconds and run on hosts without libtorch.
// Invariant: whatever goes wrong inside the engine comes out as ConfigError or RunError.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/engine/device.hpp"

namespace forgelm::engine {

struct EngineInfo {
  std::string libtorch_version;           ///< of the loaded library: "2.11.0"
  std::filesystem::path libtorch_folder;  ///< holds lib/libtorch_cpu.so
  std::string cpu_capability;             ///< the kernels that libtorch chose: "AVX512", "AVX2", "DEFAULT"
  int num_threads = 0;                    ///< that an operation may use
  int num_working_threads = 0;            ///< that did work in a parallel loop just now; fewer means a broken OpenMP
  bool has_cuda_kernels = false;          ///< this libtorch carries libtorch_cuda.so
  std::vector<DeviceInfo> devices;        ///< the processor first, then the GPUs that the driver shows
};

struct TrainingRequest;
class TrainingSession;
struct TokenClassifierRequest;
class TokenClassifier;

/// Safe from any thread. Errors: RunError of kind out_of_memory, device or internal.
class Engine {
 public:
  virtual ~Engine();

  virtual EngineInfo info() = 0;

  /// Threads that an operation may use, for the whole process. ConfigError when `num_threads` is less than 1.
  virtual void set_num_threads(int num_threads) = 0;

  /// Makes a device ready and says which it is. `request` is "cpu", "cuda" (the first GPU), "cuda:N" or "auto" (the
  /// first GPU that works, else the processor, with a warning when there is a GPU that does not). ConfigError for other
  /// texts; RunError(device) that says why when the GPU asked for cannot be used. Must come before work on tensors:
  /// libtorch looks once for its CUDA part, at its first need, and remembers "none" for the life of the process.
  virtual Device open_device(std::string_view request) = 0;

  /// forgelm/engine/training.hpp has the contract.
  virtual std::unique_ptr<TrainingSession> open_training(TrainingRequest request) = 0;

  /// forgelm/engine/token_classifier.hpp has the contract.
  virtual std::unique_ptr<TokenClassifier> open_token_classifier(const TokenClassifierRequest& request) = 0;
};

/// The engine, loaded by the first call. RunError(internal) when this build has none, its file is missing, there is no
/// libtorch that fits, or one of them cannot be opened; the message names the file, the hint says how to mend it, and a
/// later call tries again. Safe from any thread.
Engine& engine();

/// Whether engine() has loaded it. Loads nothing.
bool is_loaded() noexcept;

}  // namespace forgelm::engine
