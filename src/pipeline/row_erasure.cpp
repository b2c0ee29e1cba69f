// One row's erasure in order: on record, found, caches gone, file rewritten, traces in forgelm's own records of samples
// gone, on record. Whatever fails in between is on record as well.
#include <algorithm>

#include "forgelm/compliance/retention.hpp"
#include "forgelm/compliance/row_identity.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/formats/row_erasure.hpp"
#include "forgelm/pipeline/erasure.hpp"
#include "run_recorder.hpp"
#include "run_traces.hpp"

namespace forgelm::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.purge");
constexpr std::string_view kAuditLog = "audit_log.jsonl";
constexpr std::size_t kMinTraceBytes = 4;

/// An audit log is a file of rows too, and may be taken for a corpus by mistake or on purpose.
void refuse_audit_log(const fs::path& corpus) {
  const std::string name = corpus.filename().native();
  bool is_log = name.find(kAuditLog) != std::string::npos;
  if (!is_log && fs::is_regular_file(corpus) && fs::file_size(corpus) > 0) {
    const auto block = LineBlocks(corpus).next();
    const auto row = block ? parse_json(block->lines().front()) : Result<Json>(Failure{});
    is_log = row.ok() && row.value().find("prev_hash") != nullptr && row.value().find("event") != nullptr;
  }
  if (!is_log) return;
  const auto& minimum = compliance::legal_minimums().front();
  throw ConfigError(cat("nothing is taken out of the audit log ", quote(corpus.native()),
                        ": it holds no personal data, "
                        "and ",
                        minimum.law.provision, " of the AI Act wants it kept for at least ", minimum.days, " days"),
                    "name a file of training data");
}

class Work {
 public:
  explicit Work(const RowErasure& request) : request_(request), corpus_(fs::absolute(request.corpus)) {}

  Json run() {
    if (request_.row_id.empty()) throw ConfigError("the row's id is empty");
    refuse_audit_log(request_.corpus);
    formats::RowEraser eraser(request_.corpus);
    const compliance::Salt salt = request_.is_dry_run ? compliance::salt_without_writing(request_.output_dir)
                                                      : compliance::salt_of(request_.output_dir);
    hash_ = compliance::identifier_hash(salt, request_.row_id);
    audit_ = request_.open_audit(request_.output_dir, "");
    requested_ = Json::object({{"target_kind", "row"},
                               {"target_id", hash_},
                               {"salt_source", salt.source},
                               {"corpus_path", shown(corpus_.native())},
                               {"justification", shown(justification_or_default(request_.justification))},
                               {"dry_run", request_.is_dry_run}});
    record("data.erasure_requested", Json::object());
    try {
      return erase(eraser, salt);
    } catch (const Error& error) {
      if (!is_closed_)
        fail(kind_of(error), error.what(),
             Json::object({{"match_count", num_matches_}, {"files_modified", shown(files_modified_)}}));
      throw;
    }
  }

 private:
  Json erase(formats::RowEraser& eraser, const compliance::Salt& salt) {
    const compliance::RowIdentity identity(request_.row_id);
    const formats::RowTest test{[&](std::string_view bytes) { return identity.may_be_within(bytes); },
                                [&](const Json& row) { return identity.field_of(row); }};
    const std::vector<formats::FoundRow> rows = eraser.search(test, num_processors());
    num_matches_ = rows.size();
    check_count();
    const std::string sha256 = eraser.sha256();
    Json document = Json::object({{"mode", "row"},
                                  {"dry_run", request_.is_dry_run},
                                  {"row_id_hash", hash_},
                                  {"salt_source", salt.source},
                                  {"corpus_path", corpus_.native()},
                                  {"matches", rows.size()},
                                  {"first_line", rows.front().line}});
    Json fields = Json::array();
    for (const auto& row : rows)
      if (std::find(fields.items().begin(), fields.items().end(), Json(row.field)) == fields.items().end())
        fields.push(row.field);
    Json completed = Json::object({{"bytes_freed", 0},
                                   {"files_modified", Json::array()},
                                   {"pre_erasure_line_number", rows.front().line},
                                   {"match_count", rows.size()}});
    if (request_.is_dry_run) {
      record("data.erasure_completed", completed);
      document.set("warnings", Json::array())
          .set("fields", fields)
          .set("caches", keys_of(caches(eraser.path(), sha256)));
      document.set("affected_run_ids", Json::array_of(affected_runs(eraser.path(), sha256)));
      return document;
    }
    remove_caches(eraser.path(), sha256);
    const std::uint64_t bytes_freed = eraser.erase();
    files_modified_.push_back(corpus_.native());
    remove_caches(eraser.path(), sha256);  // what a run has made meanwhile
    remove_traces();
    completed.set("bytes_freed", bytes_freed).set("files_modified", shown(files_modified_));
    Json ours = completed;
    record("data.erasure_completed", ours.set("caches_removed", Json::array_of(removed_caches_)));
    is_closed_ = true;
    Json warnings = warn(completed, affected_runs(eraser.path(), sha256));
    document.set("bytes_freed", bytes_freed).set("warnings", std::move(warnings)).set("fields", std::move(fields));
    document.set("caches_removed", Json::array_of(removed_caches_))
        .set("files_modified", Json::array_of(files_modified_));
    document.set("affected_run_ids", Json::array_of(affected_));
    Json remaining = Json::array();
    for (const fs::path& file : files_that_hold(request_.output_dir, request_.row_id)) remaining.push(file.native());
    if (!remaining.items().empty())
      logger.warning(remaining.items().size(), " files below ", request_.output_dir.native(),
                     " still hold the identifier; `remaining` names them");
    document.set("remaining", std::move(remaining)).set("unreadable_rows", eraser.num_unreadable());
    if (eraser.has_other_names())
      logger.warning("the corpus has another name (a hard link), under which the row is still there");
    return document;
  }

  void check_count() {
    const std::string mark = compliance::hash_mark(hash_);
    if (num_matches_ == 0) {
      fail("NoMatchingRow", cat("No row with id matching ", mark, " found in corpus."), Json::object());
      throw ConfigError(cat("no row with the id ", mark, " is in ", quote(request_.corpus.native())),
                        "nothing was changed; ids are compared exactly");
    }
    if (num_matches_ > 1 && request_.row_matches == RowMatches::one) {
      fail("MultiMatchRefused", cat(num_matches_, " rows matched id=", mark, "; --row-matches=one refuses ambiguity."),
           Json::object({{"match_count", num_matches_}}));
      throw ConfigError(cat(num_matches_, " rows with the id ", mark, " are in ", quote(request_.corpus.native())),
                        "nothing was changed; --row-matches all erases them all");
    }
  }

  std::vector<data::TokenCacheEntry> caches(const fs::path& corpus, const std::string& sha256) const {
    std::vector<data::TokenCacheEntry> found;
    const auto add = [&](std::vector<data::TokenCacheEntry> more) {
      for (auto& entry : more)
        if (std::none_of(found.begin(), found.end(), [&](const auto& one) { return one.key == entry.key; }))
          found.push_back(std::move(entry));
    };
    for (const std::string& source : {corpus.native(), corpus_.native(), sha256})
      add(data::find_caches_of(request_.cache_folder, source));
    if (request_.tokenizer) add(caches_that_hold(request_.cache_folder, *request_.tokenizer, request_.row_id));
    return found;
  }

  static Json keys_of(const std::vector<data::TokenCacheEntry>& entries) {
    Json keys = Json::array();
    for (const auto& entry : entries) keys.push(entry.key);
    return keys;
  }

  void remove_caches(const fs::path& corpus, const std::string& sha256) {
    for (const data::TokenCacheEntry& entry : caches(corpus, sha256)) {
      if (!data::remove_token_cache(entry))
        throw RunError(RunErrorKind::io, cat("the token cache ", entry.key.substr(0, 12), " is being built just now"),
                       "wait for the run that builds it, or stop it, and purge again");
      removed_caches_.push_back(entry.key);
    }
  }

  /// Samples of what a model wrote are forgelm's own records, and lines of them stand for nothing else.
  void remove_traces() {
    if (request_.row_id.size() < kMinTraceBytes) return;
    for (const fs::path& file : files_that_hold(request_.output_dir, request_.row_id)) {
      if (file.filename() != kSamplesFile) continue;
      const compliance::IdentifierSearch search(request_.row_id, compliance::IdentifierType::literal);
      const formats::RowTest test{[](std::string_view) { return true; },
                                  [&](const Json& row) -> std::optional<std::string> {
                                    JsonStyle style;
                                    style.ensure_ascii = false;
                                    return search.find_in_line(dump(row, style)) ? std::optional<std::string>("text")
                                                                                 : std::nullopt;
                                  }};
      formats::RowEraser eraser(file);
      eraser.search(test, 1);
      if (eraser.erase() > 0) files_modified_.push_back(file.native());
    }
  }

  /// Runs whose models may remember the row.
  const std::vector<std::string>& affected_runs(const fs::path& corpus, const std::string& sha256) {
    affected_ = runs_that_used(request_.output_dir, corpus, sha256);
    if (!affected_.empty() || !fs::is_directory(request_.output_dir / "final_model")) return affected_;
    // A model without a record of ours: by the reference's rule it may have been trained on anything.
    if (!run_records_below(request_.output_dir).empty()) return affected_;
    affected_ = runs_by_staging_and_log();
    return affected_;
  }

  std::vector<std::string> runs_by_staging_and_log() const {
    constexpr std::string_view kStaging = "final_model.staging.";
    std::vector<std::string> runs;
    for (const auto& entry : fs::directory_iterator(request_.output_dir)) {
      const std::string name = entry.path().filename().native();
      if (name.starts_with(kStaging)) runs.push_back(name.substr(kStaging.size()));
    }
    const fs::path log = request_.output_dir / kAuditLog;
    if (runs.empty() && fs::is_regular_file(log)) {
      LineBlocks blocks(log);
      while (const auto block = blocks.next())
        for (const std::string_view line : block->lines()) {
          const auto event = parse_json(line);
          const Json* name = event ? event.value().find("event") : nullptr;
          const Json* run = event ? event.value().find("run_id") : nullptr;
          if (name != nullptr && *name == Json("human_approval.granted") && run != nullptr &&
              run->kind() == Json::Kind::text)
            runs.push_back(run->text());
        }
    }
    std::sort(runs.begin(), runs.end());
    runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
    if (runs.empty())
      runs.push_back("unknown \xE2\x80\x94 no matching staging directory or human_approval.granted event");
    return runs;
  }

  Json warn(const Json& completed, const std::vector<std::string>& runs) {
    Json names = Json::array();
    const auto say = [&](const char* name, const char* key, Json values) {
      Json details = completed;
      details.set(key, std::move(values));
      record(name, details);
      names.push(name);
    };
    if (!runs.empty()) say("data.erasure_warning_memorisation", "affected_run_ids", Json::array_of(runs));
    Json synthetic = Json::array();
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(request_.output_dir)) {
      const std::string name = entry.path().filename().native();
      if (name.starts_with("synthetic_data") && name.ends_with(".jsonl") && entry.is_regular_file())
        files.push_back(entry.path().native());
    }
    std::sort(files.begin(), files.end());
    if (!files.empty()) say("data.erasure_warning_synthetic_data_present", "synthetic_files", shown(files));
    if (!request_.webhook_targets.empty())
      say("data.erasure_warning_external_copies", "webhook_targets", Json::array_of(request_.webhook_targets));
    return names;
  }

  /// Words for the log: without the identifier and without secrets.
  std::string shown(std::string_view text) const {
    return compliance::without_identifier(text, request_.row_id, hash_);
  }
  Json shown(const std::vector<std::string>& texts) const {
    Json out = Json::array();
    for (const std::string& text : texts) out.push(shown(std::string_view(text)));
    return out;
  }

  void record(const char* name, const Json& more) const {
    Json details = requested_;
    for (const auto& [key, value] : more.members()) details.set(key, value);
    audit_->record({name, std::move(details)});
  }

  void fail(const std::string& what, std::string_view message, Json more) {
    is_closed_ = true;
    Json details = Json::object({{"error_class", what}, {"error_message", error_for_log(shown(message))}});
    for (auto& [key, value] : more.members()) details.set(key, std::move(value));
    record("data.erasure_failed", details);
  }

  const RowErasure& request_;
  fs::path corpus_;
  std::string hash_;
  std::unique_ptr<AuditSink> audit_;
  Json requested_;
  std::size_t num_matches_ = 0;
  std::vector<std::string> files_modified_, removed_caches_, affected_;
  bool is_closed_ = false;  ///< the log has heard how it ended
};

}  // namespace

Json erase_row(const RowErasure& request) { return Work(request).run(); }

}  // namespace forgelm::pipeline
