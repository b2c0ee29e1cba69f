// A job of the bundled model that takes seconds and has everything in it that a resume must bring back: dropout,
// shuffled epochs, packing, accumulation, evaluations, the best checkpoint, old ones that are removed.
#pragma once

#include <filesystem>
#include <string>

#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {

struct TinyJob {
  int num_epochs = 4;  ///< of 12 steps
  int save_steps = 2;
  int max_train_examples = 96;  ///< two of them make a sequence, four sequences a step
  std::string sections = {};    ///< further ones, as YAML
};

/// Writes FOLDER/job.yaml, whose run goes to FOLDER/run, and gives its path.
inline std::filesystem::path write_tiny_job(const std::filesystem::path& folder, const TinyJob& job = {}) {
  const std::string quickstart = std::string(FORGELM_SOURCE_DIR) + "/templates/quickstart/";
  const std::filesystem::path path = folder / "job.yaml";
  write_file_durably(
      path, cat("model:\n  name_or_path: ", quickstart, "model\n  max_length: 256\n  load_in_4bit: false\n",
                "lora: {r: 4, alpha: 8, dropout: 0.1, target_modules: [q_proj, v_proj]}\n",
                "training:\n  trainer_type: sft\n  output_dir: ", (folder / "run").native(),
                "\n  num_train_epochs: ", job.num_epochs,
                "\n  per_device_train_batch_size: 2\n  gradient_accumulation_steps: 2\n  packing: true\n",
                "  learning_rate: 2.0e-3\n  eval_steps: ", job.save_steps, "\n  save_steps: ", job.save_steps,
                "\n  save_total_limit: 2\n  eval_fraction: 0.2\n", "data:\n  dataset_name_or_path: ", quickstart,
                "data/bedtime.jsonl\n  shuffle: true\n", "  max_train_examples: ", job.max_train_examples, "\n",
                job.sections));
  return path;
}

}  // namespace forgelm::test
