// Opens libtorch and the engine, once. This folder is part of libforgelm.so and never sees torch; src/engine, on the
// other side of the wall, becomes libforgelm_engine.so. Order: libc10 and libtorch_cpu by their full paths, then the
// engine, whose own dependences are thereby met. So the libtorch that is used is the one that find_libtorch() named,
// whatever search paths the files carry.
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "forgelm/engine/entry.hpp"

namespace forgelm::engine {

Engine::~Engine() = default;

namespace {

constexpr Logger logger("forgelm.engine");
std::atomic<Engine*> loaded{nullptr};

void* open_library(const std::filesystem::path& file, const std::string& hint) {
  // RTLD_GLOBAL: kernels and types of one library must be found by those opened later (libtorch_cuda, our own kernels).
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    throw RunError(RunErrorKind::internal,
                   cat("the tensor engine cannot be loaded: ", why == nullptr ? "unknown reason" : why), hint,
                   {{"path", file.native()}});
  }
  return library;
}

/// libtorch's threads wait for each other by spinning, for milliseconds. Where other programs want the processors too,
/// the one that is waited for does not get one (on a busy machine a step of the first job was seen to take 12 s). So
/// they spin for microseconds and then sleep, unless the user has settled it.
void limit_spinning() {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"})
    if (environment().variable(name)) return;
  ::setenv("GOMP_SPINCOUNT", "1000", 0);  // read once, when libgomp is loaded with libtorch
}

Engine* load() {
  const Result<Libtorch> found = find_libtorch();
  if (!found) throw RunError(RunErrorKind::internal, found.error().message, found.error().hint);
  const auto file = engine_file();
  const std::string hint = cat("libtorch ", found->version, " is taken from ", found->folder.native(),
                               "; its CPU part needs the NVIDIA libraries cudart and cupti of its CUDA version too, as "
                               "tools/libtorch lays them beside it");
  limit_spinning();
  open_library(found->folder / "lib/libc10.so", hint);
  open_library(found->folder / "lib/libtorch_cpu.so", hint);
  void* library = open_library(file, hint);
  const auto* entry = static_cast<const EngineEntry*>(::dlsym(library, kEntrySymbol));
  if (entry == nullptr || entry->version != version())
    throw RunError(RunErrorKind::internal,
                   cat(file.native(), " is of forgelm ", entry == nullptr ? "another kind" : entry->version,
                       ", this is forgelm ", version()),
                   "install all files of one build together", {{"path", file.native()}});
  logger.debug("loaded ", file.native(), " with libtorch ", found->version, " of ", found->folder.native());
  return entry->instance(*found);
}

}  // namespace

Engine& engine() {
  if (Engine* ready = loaded.load(std::memory_order_acquire)) return *ready;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (loaded.load(std::memory_order_relaxed) == nullptr) loaded.store(load(), std::memory_order_release);
  return *loaded.load(std::memory_order_relaxed);
}

bool is_loaded() noexcept { return loaded.load(std::memory_order_acquire) != nullptr; }

}  // namespace forgelm::engine
