// Writes the manifest of a model directory, as a run does: attest_model MODEL_DIR. For
// tools/conformance/model_integrity.py.
#include <cstdio>
#include <exception>

#include "forgelm/compliance/model_integrity.hpp"

int main(int argc, char** argv) try {
  if (argc != 2) return std::fputs("usage: attest_model MODEL_DIR\n", stderr), 1;
  forgelm::compliance::ModelFolder folder(argv[1]);
  const auto written = forgelm::compliance::write_model_integrity(folder, argv[1]);
  std::printf("%zu artifacts\n", written.num_artifacts);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "attest_model: %s\n", error.what());
  return 1;
}
