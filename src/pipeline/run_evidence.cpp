#include "run_evidence.hpp"

#include "forgelm/core/files.hpp"
#include "model_card.hpp"

namespace forgelm::pipeline {

void write_evidence(const PassedRun& run) {
  // Beside the weights. What is written here after the manifest is not in it.
  write_file_durably(run.model / "README.md", model_card({run.loaded, run.record, run.is_adapter}));
  // In the run's folder.
}

}  // namespace forgelm::pipeline
