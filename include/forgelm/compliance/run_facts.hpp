// RunFacts: what is known of a run when its evidence is written, as plain records. The pipeline fills them from the
// job, the run's record and the data; this module sees no tokens and no tensors. What is not known stays empty and is
// never guessed: a bundle that is exported from a job alone has no `run`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"

namespace forgelm::compliance {

struct FileFacts {
  std::string path;  ///< as it is to be shown
  std::string sha256;
  std::uint64_t size_bytes = 0;
  std::string modified = {};  ///< ISO 8601 in UTC; empty: not known
};

/// A data set as the job names it, and as it was found.
struct DataSetFacts {
  enum class Kind { file, directory, hub, unknown };
  std::string name;
  Kind kind = Kind::unknown;
  std::string resolved = {};          ///< the real path, where it differs from the name
  std::string revision = {};          ///< hub: the commit of the snapshot that was read; empty: not known
  std::vector<FileFacts> files = {};  ///< in the order of their paths
  Json rows = {};                     ///< what became of its rows (DataReport::to_json); null: it was not read
  std::string tokens_digest = {};
  Json registered = {};  ///< of a registered set: its reference, digest and what it was made from; null: it is none
};

/// A part of the data that was trained or evaluated on.
struct SplitFacts {
  std::string name;  ///< "train", "validation"
  std::uint64_t num_examples = 0;
  std::vector<std::string> columns = {};  ///< as the reference has them behind formatting; empty: not known
  std::string digest = {};
  Json token_length = {};                        ///< min, max, mean, median, p95; null: not known
  Json text_length = {};                         ///< the same of characters; null: it is not of texts
  std::uint64_t num_rows = 0;                    ///< that were chosen for it; not every row gives an example
  std::vector<std::string> source_columns = {};  ///< of the rows as they stand in the files
};

/// What the run computed on, and how much.
struct ComputeFacts {
  bool is_gpu = false;
  std::string device_name;  ///< "NVIDIA H200"; of the processor its model name
  int num_devices = 1;
  int num_threads = 0;
  double seconds = 0;  ///< of training, resumed parts too
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t num_tokens = 0;   ///< that went through the model in training
  std::uint64_t num_weights = 0;  ///< of the whole model, adapters included; 0: the run ended before this was counted
  std::uint64_t num_trained = 0;  ///< of them
};

/// The run itself.
struct Execution {
  /// Whether it made a model that somebody may be given.
  bool has_model() const noexcept { return state.empty() || state == "finished" || state == "awaiting_approval"; }

  std::string id;
  std::string started_at, ended_at;  ///< ISO 8601; `ended_at` empty while it goes on
  std::vector<std::string> previous = {};
  std::string host;
  std::string commit;            ///< of forgelm's sources
  std::string model_digest;      ///< over the files of the base model
  std::string family;            ///< "llama"
  std::string method;            ///< "lora", "none"
  std::string quantization;      ///< "none", "nf4", "fp4"
  std::string precision;         ///< "bfloat16"
  std::string final_model = {};  ///< its folder
  std::vector<FileFacts> outputs = {};
  Json metrics = Json::object();
  Json safety = {}, judge = {}, benchmark = {};  ///< results of the gates; null: not run
  Json oom_recovery = {};                        ///< the reference's block; null: there was none
  std::string state = {};                        ///< what it came to: "finished", "rejected", ...; empty: not said
  Json gates = {};                               ///< verdicts of the gates, in order; null: none judged
  Json error = {};                               ///< what ended it, as the record has it; null: nothing did
  ComputeFacts compute;
};

struct RunFacts {
  std::string generated_at;  ///< ISO 8601
  std::optional<Execution> run;
  std::vector<DataSetFacts> data_sets;  ///< the primary one first
  std::vector<SplitFacts> splits;
  std::optional<Json> data_audit;      ///< data_audit_report.json of the run's folder
  std::optional<Json> previous_annex;  ///< annex_iv_metadata.json that is about to be replaced
};

}  // namespace forgelm::compliance
