// One step of the engine in a process of its own, for what a process can do only once: load it, or end with it loaded.
//
//   engine_probe none | find | load | info | open DEVICE
//
// Prints what came out, or "KIND: message" and "hint: ..." on stderr, then whether libtorch is mapped; ends by
// returning from main, so that all destructors run. With ENGINE_PROBE_MEMORY set, tells its peak memory on stderr, for
// tools/bench/torch_wall.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "forgelm/core/error.hpp"
#include "forgelm/engine/engine.hpp"
#include "forgelm/engine/libtorch.hpp"

namespace {

using namespace forgelm;

bool is_mapped(const char* name) {
  std::ifstream in("/proc/self/maps");
  for (std::string line; std::getline(in, line);)
    if (line.find(name) != std::string::npos) return true;
  return false;
}

void print(const engine::EngineInfo& info) {
  std::printf("libtorch %s in %s\ncapability %s\nthreads %d working %d\ncuda kernels %d\n",
              info.libtorch_version.c_str(), info.libtorch_folder.c_str(), info.cpu_capability.c_str(),
              info.num_threads, info.num_working_threads, info.has_cuda_kernels ? 1 : 0);
  for (const auto& device : info.devices)
    std::printf("device %s %s %llu compute %d.%d\n", to_string(device.device).c_str(), device.name.c_str(),
                static_cast<unsigned long long>(device.memory_bytes), device.compute_major, device.compute_minor);
}

void run(const std::string& step, const std::string& device) {
  if (step == "find") {
    const auto found = engine::find_libtorch();
    if (found) std::printf("%s %s\n", found->version.c_str(), found->folder.c_str());
    else std::printf("none: %s\nhint: %s\n", found.error().message.c_str(), found.error().hint.c_str());
  } else if (step == "load") {
    engine::engine();
  } else if (step == "info") {
    print(engine::engine().info());
  } else if (step == "open") {
    std::printf("opened %s\n", to_string(engine::engine().open_device(device)).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  int code = 0;
  try {
    run(argc > 1 ? argv[1] : "none", argc > 2 ? argv[2] : "cpu");
  } catch (const forgelm::RunError& error) {
    std::fprintf(stderr, "%s: %s\nhint: %s\n", to_string(error.kind()), error.what(), error.hint().c_str());
    code = 2;
  } catch (const forgelm::ConfigError& error) {
    std::fprintf(stderr, "config: %s\nhint: %s\n", error.what(), error.hint().c_str());
    code = 1;
  }
  std::printf("mapped:%s%s%s\n", is_mapped("libforgelm_engine") ? " engine" : "",
              is_mapped("libtorch_cpu") ? " torch_cpu" : "", is_mapped("libtorch_cuda.so") ? " torch_cuda" : "");
  if (std::getenv("ENGINE_PROBE_MEMORY") != nullptr) {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    std::fprintf(stderr, "%ld\n", use.ru_maxrss);
  }
  return code;
}
