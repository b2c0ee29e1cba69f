#include "run_facts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "admission.hpp"
#include "forgelm/compliance/bundle.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/source.hpp"
#include "forgelm/engine/device.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;
using compliance::DataSetFacts;
using compliance::FileFacts;

constexpr Logger logger("forgelm.run");

/// st_mtime as Python's datetime has it: a double of seconds, rounded to microseconds with ties to even.
std::string modified_at(const struct stat& status) {
  const double seconds =
      static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
  double whole = 0;
  const double fraction = std::modf(seconds, &whole);
  return iso_format(
      {static_cast<std::int64_t>(whole) * 1'000'000 + static_cast<std::int64_t>(std::nearbyint(fraction * 1e6))});
}

FileFacts facts_of_file(const fs::path& file, const std::string& shown) {
  FileFacts facts{shown, sha256_file(file), 0, {}};
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0) {
    facts.size_bytes = static_cast<std::uint64_t>(status.st_size);
    facts.modified = modified_at(status);
  }
  return facts;
}

constexpr std::pair<DataSetFacts::Kind, const char*> kKinds[] = {
    {DataSetFacts::Kind::file, "file"},
    {DataSetFacts::Kind::directory, "directory"},
    {DataSetFacts::Kind::hub, "hub"},
    {DataSetFacts::Kind::unknown, "unknown"},
};

DataSetFacts facts_of_data_set(const std::string& name, std::string_view extra_split) {
  DataSetFacts facts;
  facts.name = name;
  data::Source source;
  try {
    source = data::find_source(name, extra_split);
  } catch (const ConfigError& error) {
    if (data::is_hub_name(name) && !fs::exists(name)) facts.kind = DataSetFacts::Kind::hub;
    logger.debug("no files of ", quote(name), " for the record: ", error.what());
    return facts;
  }
  facts.kind = source.kind == data::Source::Kind::file        ? DataSetFacts::Kind::file
               : source.kind == data::Source::Kind::directory ? DataSetFacts::Kind::directory
                                                              : DataSetFacts::Kind::hub;
  facts.revision = source.revision;
  const fs::path resolved = fs::weakly_canonical(fs::absolute(source.root));
  if (resolved.native() != name) facts.resolved = resolved.native();
  std::vector<fs::path> files;
  for (const auto& split : source.splits) files.insert(files.end(), split.files.begin(), split.files.end());
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  for (const fs::path& file : files) {
    const bool is_alone = source.kind == data::Source::Kind::file;
    facts.files.push_back(facts_of_file(file, is_alone ? name : file.lexically_relative(source.root).generic_string()));
  }
  return facts;
}

std::uint64_t count_or(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value != nullptr && value->kind() == Json::Kind::integer && value->integer() > 0
             ? static_cast<std::uint64_t>(value->integer())
             : 0;
}

compliance::ComputeFacts compute_of(const Json& record) {
  compliance::ComputeFacts facts;
  const Json* compute = record.find("compute");
  if (compute == nullptr) return facts;
  facts.is_gpu = text_at(*compute, "kind") == "gpu";
  facts.device_name = text_at(*compute, "device_name");
  facts.num_devices = static_cast<int>(count_or(*compute, "num_devices"));
  facts.num_threads = static_cast<int>(count_or(*compute, "num_threads"));
  if (const Json* seconds = compute->find("seconds"); seconds != nullptr && seconds->is_number())
    facts.seconds = seconds->real();
  facts.peak_memory_bytes = count_or(*compute, "peak_memory_bytes");
  facts.num_tokens = count_or(*compute, "num_tokens");
  facts.num_weights = count_or(*compute, "num_weights");
  facts.num_trained = count_or(*compute, "num_trained");
  return facts;
}

compliance::Execution execution_of(const Json& record) {
  compliance::Execution run;
  run.id = text_at(record, "id");
  run.started_at = text_at(record, "started_at");
  run.ended_at = text_at(record, "ended_at");
  if (const Json* previous = record.find("previous"))
    for (const Json& id : previous->items()) run.previous.push_back(id.text());
  run.host = text_at(record, "host");
  if (const Json* forgelm = record.find("forgelm")) run.commit = text_at(*forgelm, "commit");
  if (const Json* model = record.find("model")) {
    run.model_digest = text_at(*model, "digest");
    run.family = text_at(*model, "family");
  }
  if (const Json* training = record.find("training")) {
    run.method = text_at(*training, "method");
    run.quantization = text_at(*training, "quantization", "none");
    run.precision = text_at(*training, "precision");
  }
  if (const Json* metrics = record.find("metrics")) run.metrics = *metrics;
  if (const Json* oom = record.find("oom_recovery")) run.oom_recovery = *oom;
  if (const Json* outputs = record.find("outputs"))
    for (const Json& output : outputs->items())
      run.outputs.push_back({text_at(output, "path"), text_at(output, "sha256"), count_or(output, "size_bytes"), {}});
  run.compute = compute_of(record);
  if (const Json* gates = record.find("gates")) run.gates = *gates;
  if (const Json* error = record.find("error")) run.error = *error;
  return run;
}

Json member_of(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr ? Json() : *value;
}

std::vector<std::string> texts_of(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const Json* list = object.find(key))
    for (const Json& text : list->items()) texts.push_back(text.text());
  return texts;
}

void add_splits(const Json& record, compliance::RunFacts& facts) {
  const Json* data = record.find("data");
  if (data == nullptr) return;
  for (const auto& [name, key] : {std::pair("train", "train"), std::pair("validation", "eval")}) {
    const Json* set = data->find(key);
    if (set == nullptr || count_or(*set, "num_examples") == 0) continue;
    compliance::SplitFacts split{name,
                                 count_or(*set, "num_examples"),
                                 texts_of(*set, "columns"),
                                 text_at(*set, "digest"),
                                 member_of(*set, "length"),
                                 member_of(*set, "text_length"),
                                 count_or(*set, "num_rows"),
                                 texts_of(*set, "source_columns")};
    // A record of before rows were counted.
    if (set->find("num_rows") == nullptr) split.num_rows = split.num_examples;
    facts.splits.push_back(std::move(split));
  }
  // The record holds the data sets in the job's order; evaluation splits of their own come behind them.
  const Json* sources = data->find("sources");
  for (DataSetFacts& set : facts.data_sets)
    for (const Json& source : sources->items())
      if (text_at(source, "name") == set.name) {
        set.tokens_digest = text_at(source, "digest");
        if (const Json* report = source.find("report")) set.rows = *report;
      }
}

std::vector<DataSetFacts> facts_of_data_sets(const config::JobConfig& job) {
  std::vector<DataSetFacts> sets = {facts_of_data_set(job.data.dataset_name_or_path, job.data.eval_split)};
  for (const std::string& name : job.data.extra_datasets.value_or(std::vector<std::string>{}))
    sets.push_back(facts_of_data_set(name, {}));
  return sets;
}

std::vector<DataSetFacts> from_record(const Json& sets) {
  std::vector<DataSetFacts> out;
  for (const Json& set : sets.items()) {
    DataSetFacts facts;
    facts.name = text_at(set, "name");
    for (const auto& [kind, word] : kKinds)
      if (text_at(set, "kind") == word) facts.kind = kind;
    facts.resolved = text_at(set, "resolved");
    facts.revision = text_at(set, "revision");
    for (const Json& file : set.at("files").items())
      facts.files.push_back(
          {text_at(file, "path"), text_at(file, "sha256"), count_or(file, "size_bytes"), text_at(file, "modified")});
    out.push_back(std::move(facts));
  }
  return out;
}

std::optional<Json> document_at(const fs::path& path) {
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  auto document = parse_json(*text);
  if (!document) {
    logger.warning(path.native(), " is left out of the record: ", document.error().message);
    return std::nullopt;
  }
  return std::move(document).value();
}

}  // namespace

compliance::ComputeFacts compute_facts(const engine::TrainingStart& start, const engine::TrainingOutcome& outcome,
                                       std::uint64_t peak_memory_bytes) {
  compliance::ComputeFacts facts;
  facts.is_gpu = start.device.kind == engine::DeviceKind::cuda;
  if (facts.is_gpu) {
    for (const auto& gpu : engine::cuda_driver().devices)
      if (gpu.device == start.device) facts.device_name = gpu.name;
  } else {
    facts.device_name = engine::processor().name;
  }
  facts.num_devices = 1;
  facts.num_threads = start.num_threads;
  facts.seconds = outcome.seconds;
  facts.peak_memory_bytes = peak_memory_bytes;
  facts.num_tokens = outcome.num_tokens;
  facts.num_weights = start.num_weights;
  facts.num_trained = start.num_trained;
  return facts;
}

Json to_json(const compliance::ComputeFacts& compute) {
  return Json::object({{"kind", compute.is_gpu ? "gpu" : "cpu"},
                       {"device_name", compute.device_name},
                       {"num_devices", compute.num_devices},
                       {"num_threads", compute.num_threads},
                       {"seconds", compute.seconds},
                       {"peak_memory_bytes", compute.peak_memory_bytes},
                       {"num_tokens", compute.num_tokens},
                       {"num_weights", compute.num_weights},
                       {"num_trained", compute.num_trained}});
}

Json data_sets_for_record(const config::JobConfig& job) {
  Json out = Json::array();
  for (const DataSetFacts& set : facts_of_data_sets(job)) {
    Json files = Json::array();
    for (const FileFacts& file : set.files)
      files.push(Json::object({{"path", file.path},
                               {"sha256", file.sha256},
                               {"size_bytes", file.size_bytes},
                               {"modified", file.modified}}));
    const auto kind =
        std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& one) { return one.first == set.kind; });
    out.push(Json::object({{"name", set.name},
                           {"kind", kind->second},
                           {"resolved", set.resolved},
                           {"revision", set.revision},
                           {"files", std::move(files)}}));
  }
  return out;
}

compliance::RunFacts facts_of(const config::LoadedJob& loaded, const Json& record) {
  const config::JobConfig& job = loaded.job;
  compliance::RunFacts facts;
  facts.generated_at = iso_format(environment().utc_now());
  const Json* data = record.find("data");
  const Json* sets = data != nullptr ? data->find("data_sets") : nullptr;
  if (sets != nullptr) {
    facts.data_sets = from_record(*sets);
    if (const Json* registered = record.find("dataset")) facts.data_sets.front().registered = *registered;
  } else {
    const ResolvedJob resolved = resolve_data(job);
    facts.data_sets = facts_of_data_sets(resolved.job);
    facts.data_sets.front().registered = registered_json(resolved);
  }
  const fs::path folder = job.training.output_dir;
  facts.data_audit = document_at(folder / "data_audit_report.json");
  if (record.is_null()) return facts;
  facts.run = execution_of(record);
  add_splits(record, facts);
  return facts;
}

std::vector<FileFacts> facts_of_model(const fs::path& staged, const fs::path& model_place, const fs::path& run_folder) {
  std::vector<std::pair<std::string, std::string>> known;  // path below the model, digest
  if (const auto manifest = document_at(staged / "model_integrity.json"))
    if (const Json* artifacts = manifest->find("artifacts"))
      for (const Json& artifact : artifacts->items())
        known.emplace_back(text_at(artifact, "file"), text_at(artifact, "sha256"));
  std::vector<FileFacts> files;
  for (const auto& entry : fs::recursive_directory_iterator(staged)) {
    if (!entry.is_regular_file() || entry.is_symlink()) continue;
    const fs::path below = entry.path().lexically_relative(staged);
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == below.generic_string(); });
    const fs::path place = (fs::absolute(model_place) / below).lexically_normal();
    files.push_back({place.lexically_relative(fs::absolute(run_folder).lexically_normal()).generic_string(),
                     found != known.end() ? found->second : sha256_file(entry.path()),
                     entry.file_size(),
                     {}});
  }
  std::sort(files.begin(), files.end(), [](const FileFacts& a, const FileFacts& b) { return a.path < b.path; });
  return files;
}

}  // namespace forgelm::pipeline
