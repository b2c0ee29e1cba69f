// Writes the sample bundles into DIR/run and DIR/standalone, for tools/conformance.
#include <cstdio>
#include <filesystem>

#include "forgelm/core/files.hpp"
#include "sample_facts.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bundle_dump DIR\n");
    return 1;
  }
  for (const bool has_run : {true, false}) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / (has_run ? "run" : "standalone");
    std::filesystem::create_directories(folder);
    for (const auto& [name, bytes] : forgelm::test::sample_files(has_run))
      forgelm::write_file_durably(folder / name, bytes);
  }
}
