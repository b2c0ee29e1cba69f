// The manifest of a pipeline: structure, chain, hash, then the evidence of every completed stage, then the audit log.
// A recorded path is looked for where it is relative to: the pipeline's folder, the manifest's own, and, since the
// reference records it relative to the directory it was started in, the folders above. It never climbs out by "..".
#include <algorithm>
#include <iterator>
#include <map>

#include "forgelm/compliance/annex_iv.hpp"
#include "forgelm/compliance/bundle.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"
#include "manifest_stamp.hpp"
#include "pipeline_audit.hpp"
#include "reference_json.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;
using Kind = PipelineViolation::Kind;

constexpr std::uint64_t kMaxBytes = std::uint64_t{8} << 20;
constexpr int kMaxFoldersAbove = 16;

constexpr const char* kRequired[] = {"forgelm_version", "pipeline_run_id", "pipeline_config_hash",
                                     "started_at",      "final_status",    "stages"};

struct Disposition {
  std::string_view status, disposition;
};
constexpr Disposition kDispositions[] = {
    {"pending", "not_applicable:pending"},
    {"running", "not_applicable:running"},
    {"failed", "not_applicable:failed"},
    {"gated_pending_approval", "not_applicable:gated"},
    {"skipped_by_filter", "not_applicable:filtered"},
    {"skipped_due_to_prior_revert", "not_applicable:chain_broken"},
};

std::string shown(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr ? "null" : dump(*value);
}

bool is_blank(const Json* value) { return value == nullptr || value->is_null() || *value == Json(""); }

class PipelineVerifier {
 public:
  explicit PipelineVerifier(fs::path folder) : folder_(std::move(folder)) {}

  PipelineReport verify(const std::optional<std::string>& secret) {
    Corroboration corroboration;
    bool has_stages = false;
    if (read()) {
      check_structure();
      has_stages = manifest_.find("stages") != nullptr && manifest_.at("stages").kind() == Json::Kind::array;
    }
    if (has_stages) {
      for (std::size_t i = 0; i < num_stages(); ++i) look_at(i);
      if (text_at(manifest_, "final_status") == "completed" && num_examined_ == 0)
        add(Kind::integrity, "the manifest says that the pipeline completed, and holds no completed stage");
      corroboration = corroborate(manifest_, folder_, secret);
      for (auto& violation : corroboration.violations) report_.violations.push_back(std::move(violation));
      if (!corroboration.note.empty()) report_.notes.push_back(corroboration.note);
    }
    report_.facts = facts(has_stages ? &corroboration : nullptr);
    return std::move(report_);
  }

 private:
  void add(Kind kind, std::string text) { report_.violations.push_back({kind, std::move(text)}); }

  std::size_t num_stages() const {
    const Json* stages = manifest_.find("stages");
    return stages != nullptr && stages->kind() == Json::Kind::array ? stages->items().size() : 0;
  }
  const Json& stage(std::size_t i) const { return manifest_.at("stages").items()[i]; }

  bool read() {
    const fs::path path = folder_ / kBundleFolder / "pipeline_manifest.json";
    if (!fs::is_regular_file(path)) {
      add(Kind::input, cat("there is no pipeline_manifest.json at ", quote(path.native())));
      return false;
    }
    std::string text;
    try {
      if (fs::file_size(path) > kMaxBytes) {
        add(Kind::input, cat("pipeline_manifest.json is larger than ", kMaxBytes, " bytes, and is not read"));
        return false;
      }
      text = read_file(path, kMaxBytes);
    } catch (const std::exception& error) {
      add(Kind::io, error.what());
      return false;
    }
    auto parsed = parse_reference_json(text);
    if (!is_valid_utf8(text)) add(Kind::input, "pipeline_manifest.json is not UTF-8");
    else if (!parsed) add(Kind::input, cat("pipeline_manifest.json is not JSON: ", parsed.error().message));
    else if (parsed->kind() != Json::Kind::object) add(Kind::input, "pipeline_manifest.json is no JSON object");
    else manifest_ = std::move(parsed).value();
    return report_.violations.empty();
  }

  void check_structure() {
    for (const char* key : kRequired)
      if (manifest_.find(key) == nullptr) add(Kind::integrity, cat("the required member ", quote(key), " is missing"));
    const ManifestStamp stamp = check_stamp(manifest_);
    report_.hash_state = stamp.expected.empty() ? "absent" : stamp.actual == stamp.expected ? "verified" : "mismatch";
    if (report_.hash_state == "mismatch")
      add(Kind::integrity, cat("manifest hash mismatch: the manifest was changed after it was written (it says ",
                               stamp.expected.substr(0, 16), "..., it is ", stamp.actual.substr(0, 16), "...)"));
    if (const Json* stages = manifest_.find("stages"); stages != nullptr && stages->kind() != Json::Kind::array)
      add(Kind::integrity, "`stages` is no list");
    std::vector<const Json*> whole;
    for (std::size_t i = 0; i < num_stages(); ++i)
      if (stage(i).kind() == Json::Kind::object) whole.push_back(&stage(i));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (!(whole[i]->find("index") != nullptr && *whole[i]->find("index") == Json(i)))
        add(Kind::integrity, cat("stage index out of order at position ", i, ": ", shown(*whole[i], "index")));
      if (text_at(*whole[i], "input_source") == "chain") check_link(whole, i);
    }
    check_statuses(whole);
  }

  void check_link(const std::vector<const Json*>& stages, std::size_t i) {
    const std::string name = shown(*stages[i], "name");
    if (i == 0) return add(Kind::integrity, cat("stage ", name, " goes on from a stage before it, and there is none"));
    const Json* made = stages[i - 1]->find("output_model");
    if (is_blank(made))
      return add(Kind::integrity, cat("chain_integrity_violation at stage ", name, ": the stage before, ",
                                      shown(*stages[i - 1], "name"), ", made no model"));
    const Json* taken = stages[i]->find("input_model");
    if (taken == nullptr || !(*taken == *made))
      add(Kind::integrity, cat("chain_integrity_violation at stage ", name, ": it took ",
                               shown(*stages[i], "input_model"), ", the stage before made ", dump(*made)));
  }

  void check_statuses(const std::vector<const Json*>& stages) {
    if (const Json* stopped = manifest_.find("stopped_at"); stopped != nullptr && !stopped->is_null()) {
      const auto found = std::find_if(stages.begin(), stages.end(), [&](const Json* one) {
        const Json* name = one->find("name");
        return name != nullptr && *name == *stopped;
      });
      if (found == stages.end()) {
        add(Kind::integrity, cat("stopped_at names an unknown stage, ", dump(*stopped)));
      } else if (const std::string status = text_at(**found, "status");
                 status != "failed" && status != "gated_pending_approval") {
        add(Kind::integrity, cat("stopped_at names the stage ", dump(*stopped), ", whose status is ",
                                 shown(**found, "status"), ", neither failed nor gated_pending_approval"));
      }
    }
    const Json* final_status = manifest_.find("final_status");
    if (is_blank(final_status) || *final_status == Json("in_progress")) return;
    for (const Json* one : stages)
      if (text_at(*one, "status") == "running")
        add(Kind::integrity, cat("stage ", shown(*one, "name"), " is still running in a manifest that has ended (",
                                 dump(*final_status), ")"));
  }

  void look_at(std::size_t i) {
    const Json& row = stage(i);
    if (row.kind() != Json::Kind::object) {
      add(Kind::integrity, cat("stage at index ", i, " is no object"));
      return note_row(i, "<unnamed>", cat("<", to_string(row.kind()), ">"), "violation:not_an_object");
    }
    const Json* name_member = row.find("name");
    const std::string name =
        name_member != nullptr && name_member->kind() == Json::Kind::text ? name_member->text() : "<unnamed>";
    const Json* held = row.find("status");
    const bool is_text = held != nullptr && held->kind() == Json::Kind::text && !held->text().empty();
    const std::string status =
        is_text ? held->text() : cat("<", held == nullptr ? "null" : to_string(held->kind()), ">");
    if (is_text && status == "completed") {
      ++num_examined_;
      note_row(i, name, status, "examined");
      return examine(name, row);
    }
    const auto known = std::find_if(std::begin(kDispositions), std::end(kDispositions),
                                    [&](const Disposition& one) { return one.status == status; });
    std::string disposition(known != std::end(kDispositions) ? known->disposition : "violation:unrecognised_status");
    if (known == std::end(kDispositions))
      add(Kind::integrity, cat("stage ", quote(name), ": the status ", quote(status),
                               " is none that is ever written; its evidence was not looked at"));
    if (text_at(row, "gate_decision") == "passed") {
      add(Kind::integrity, cat("stage ", quote(name), ": its gate passed, and its status is ", quote(status),
                               ": the status was changed after the run"));
      disposition = "violation:gate_passed_but_not_completed";
    }
    note_row(i, name, status, disposition);
  }

  void note_row(std::size_t index, const std::string& name, const std::string& status, const std::string& disposition) {
    rows_.push(Json::object({{"index", index}, {"name", name}, {"status", status}, {"disposition", disposition}}));
    ++census_[status];
  }

  /// A file below `base`, by name alone and with links followed; nothing when it leaves it.
  static std::optional<fs::path> below(const fs::path& base, const fs::path& pointer) {
    const fs::path relative = pointer.lexically_normal();
    if (relative.empty() || *relative.begin() == "..") return std::nullopt;
    const fs::path candidate = base / relative;
    std::error_code error;
    const fs::path real = fs::weakly_canonical(candidate, error), root = fs::weakly_canonical(base, error);
    const fs::path inside = real.lexically_relative(root);
    if (error || inside.empty() || *inside.begin() == "..") return std::nullopt;
    return candidate;
  }

  /// The evidence file that a stage names; where there is none, the place in the pipeline's folder where it was looked
  /// for first. Nothing, with `problem`, when the path leads out of every folder.
  std::optional<fs::path> resolve(const std::string& pointer, std::string& problem) const {
    if (fs::path(pointer).is_absolute()) return fs::path(pointer);
    const fs::path root = fs::absolute(folder_).lexically_normal();
    std::optional<fs::path> first = below(root, pointer);
    if (!first) {
      problem = cat("the evidence path ", quote(pointer), " leads out of the pipeline's folder");
      return std::nullopt;
    }
    std::vector<fs::path> bases = {root, root / kBundleFolder};
    fs::path above = root.has_filename() ? root : root.parent_path();
    for (int i = 0; i < kMaxFoldersAbove && above != above.parent_path(); ++i)
      bases.push_back(above = above.parent_path());
    for (const fs::path& base : bases)
      if (const auto candidate = below(base, pointer); candidate && fs::exists(fs::symlink_status(*candidate)))
        return candidate;
    return first;
  }

  bool was_annex_configured() const {
    const Json* block = manifest_.find("annex_iv");
    if (block == nullptr || block->kind() != Json::Kind::object) return false;
    for (const char* key : {"provider_name", "system_name", "intended_purpose"})
      if (!trim(text_at(*block, key)).empty()) return true;
    return false;
  }

  void examine(const std::string& name, const Json& row) {
    const auto fail = [&](Kind kind, const std::string& text) { add(kind, cat("stage ", quote(name), ": ", text)); };
    const std::string pointer = text_at(row, "training_manifest");
    if (pointer.empty()) return fail(Kind::integrity, "it is completed, and names no evidence");
    std::string problem;
    std::optional<fs::path> path = resolve(pointer, problem);
    if (!path) return fail(Kind::integrity, problem);
    // Releases before 0.9.1 named a file that was never written; the evidence stands beside it.
    if (!fs::exists(fs::symlink_status(*path)) && path->filename() == "training_manifest.json" && is_of_before_0_9_1())
      path = path->parent_path() / kAnnexIvFile;
    const fs::file_status status = fs::symlink_status(*path);
    if (!fs::exists(status) && was_annex_configured())
      return fail(Kind::integrity, cat("the evidence at ", quote(pointer), " is missing; the run wrote it"));
    if (!fs::exists(status)) {
      ++num_unverified_;
      return fail(Kind::unverified,
                  cat("there is no evidence at ", quote(pointer), ", as the job had no `compliance` section"));
    }
    if (!fs::is_regular_file(status))
      return fail(Kind::integrity, cat("the evidence at ", quote(pointer), " is no regular file"));
    examine_file(*path, pointer, fail);
  }

  template <class Fail>
  void examine_file(const fs::path& path, const std::string& pointer, const Fail& fail) {
    const std::string about = cat("the evidence at ", quote(pointer));
    std::string text;
    try {
      if (fs::file_size(path) > kMaxBytes) return fail(Kind::integrity, cat(about, " is too large, and is not read"));
      text = read_file(path, kMaxBytes);
    } catch (const std::exception& error) {
      return fail(Kind::io, cat(about, " cannot be read: ", error.what()));
    }
    const auto document = parse_reference_json(text);
    if (!is_valid_utf8(text)) return fail(Kind::integrity, cat(about, " is not UTF-8"));
    if (!document) return fail(Kind::integrity, cat(about, " is not JSON: ", document.error().message));
    const AnnexIvResult result = verify_annex_iv(*document);
    const bool is_broken = result.exit_code() == ExitCode::integrity_failure || !result.missing_fields.empty() ||
                           document->kind() != Json::Kind::object;
    if (is_broken) return fail(Kind::integrity, cat(about, " does not do: ", result.reason));
    if (result.hash_expected.empty()) {
      ++num_unverified_;
      return fail(Kind::unverified, cat(about, " is complete, and has no manifest_hash"));
    }
    // Points that the provider has left open are a matter of the document, not of the chain.
    if (!result.is_valid) report_.notes.push_back(cat(about, ": ", result.reason));
    ++report_.num_verified;
  }

  bool is_of_before_0_9_1() const {
    const std::string version = text_at(manifest_, "forgelm_version");
    std::vector<int> parts;
    for (const std::string& part : split(version, '.')) {
      if (part.empty() || !is_ascii_digit(part.front()) || part.size() > 6) break;
      parts.push_back(std::atoi(part.c_str()));
    }
    return parts.size() >= 3 && version != "0.0.0+dev" &&
           std::vector<int>(parts.begin(), parts.begin() + 3) < std::vector<int>{0, 9, 1};
  }

  Json facts(const Corroboration* corroboration) const {
    Json census = Json::object();
    for (const auto& [status, count] : census_) census.set(status, count);
    Json out = Json::object({{"stages_total", rows_.items().size()},
                             {"stages_examined", num_examined_},
                             {"evidence_verified", report_.num_verified},
                             {"evidence_unverified", num_unverified_},
                             {"hash_state", report_.hash_state},
                             {"status_census", std::move(census)},
                             {"stage_dispositions", rows_}});
    out.set("audit_corroboration", corroboration == nullptr
                                       ? Json()
                                       : Json::object({{"outcome", corroboration->outcome},
                                                       {"reason", corroboration->reason},
                                                       {"events_examined", corroboration->num_events},
                                                       {"stages_asserted", corroboration->num_stages_asserted}}));
    return out;
  }

  fs::path folder_;
  Json manifest_ = Json::object();
  PipelineReport report_;
  Json rows_ = Json::array();
  std::map<std::string, std::size_t> census_;
  std::size_t num_examined_ = 0, num_unverified_ = 0;
};

}  // namespace

ExitCode PipelineReport::exit_code() const {
  const auto has = [&](Kind kind) {
    return std::any_of(violations.begin(), violations.end(),
                       [&](const PipelineViolation& one) { return one.kind == kind; });
  };
  if (has(Kind::integrity)) return ExitCode::integrity_failure;
  if (has(Kind::io)) return ExitCode::run_error;
  return violations.empty() ? ExitCode::ok : ExitCode::config_error;
}

PipelineReport verify_pipeline(const fs::path& folder, const std::optional<std::string>& secret) {
  return PipelineVerifier(folder).verify(secret);
}

}  // namespace forgelm::compliance
