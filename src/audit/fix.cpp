// Two passes over each file: fix_plan.hpp decides, this one writes. The copy is made beside its place and put there in
// one step, with the audit of what was written already in it.
#include "forgelm/audit/fix.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <set>

#include "fix_plan.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "quality.hpp"

namespace forgelm::audit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifestKind = "forgelm.fix";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr JsonStyle kOneLine{.ensure_ascii = false};
constexpr JsonStyle kIndented{.indent = 2, .ensure_ascii = false};

/// A folder that is gone with this object, unless it was put in its place.
class Staging {
 public:
  explicit Staging(const fs::path& target)
      : path_(target.parent_path() / cat(".", target.filename().native(), ".forgelm-fix")) {
    std::error_code error;
    fs::remove_all(path_, error);  // of a run that was killed
    fs::create_directories(path_ / kFixEvidenceFolder, error);
    if (error) throw os_error("make the folder", path_.native(), error.value());
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

  void put_at(const fs::path& target) {
    std::error_code error;
    if (!fs::exists(target, error) || fs::is_empty(target, error)) return commit_directory(path_, target);
    const fs::path aside = target.parent_path() / cat(".", target.filename().native(), ".forgelm-fix-replaced");
    fs::remove_all(replace_directory(path_, target, aside), error);
  }

 private:
  fs::path path_;
};

struct BlockText {
  std::uint64_t end_byte = 0;
  std::string rows, changes;
  FixedSplit counts;
  std::uint64_t num_changes = 0;
};

/// Writes one block's rows and changes. For one thread.
class BlockWriter {
 public:
  BlockWriter(const FixRules& rules, ScanEngine engine) : rules_(rules), fixer_(rules, engine) {}

  BlockText write(SplitBlock block, std::uint64_t first_row, const SplitPlan& plan, const std::string& file) {
    BlockText out;
    out.end_byte = block.end_byte;
    std::uint64_t row = first_row;
    for_each_fix_line(std::move(block), [&](const FixLine& line) {
      FixedRow fixed;
      if (!line.is_refused) fixed = fixer_.fix(line.bytes, line.num_readable);
      if (fixed.is_blank) {
        out.rows.append(line.bytes).append(line.line_end);
        return;
      }
      if (row >= plan.drops.size()) throw RunError(RunErrorKind::data, cat(file, " was changed while it was cleaned"));
      const DropReason drop = plan.drops[static_cast<std::size_t>(row)];
      ++out.counts.num_rows_read;
      if (drop.is_dropped()) add_drop(drop, fixed, {file, line.number, row}, out);
      else add_row(fixed, line, {file, line.number, row}, out);
      ++row;
    });
    return out;
  }

 private:
  struct Place {
    const std::string& file;
    std::uint64_t line, row;
  };

  void add_change(const Place& place, const char* action, const std::string& rule, Json kind, Json field,
                  std::uint64_t count, BlockText& out) const {
    const Json change = Json::object({{"file", place.file},
                                      {"line", place.line > 0 ? Json(place.line) : Json()},
                                      {"row", place.row},
                                      {"action", action},
                                      {"rule", rule},
                                      {"kind", std::move(kind)},
                                      {"field", std::move(field)},
                                      {"count", count}});
    out.changes += dump(change, kOneLine);
    out.changes += '\n';
    ++out.num_changes;
  }

  void add_drop(const DropReason& drop, const FixedRow& fixed, const Place& place, BlockText& out) const {
    if (drop.what == DropReason::kind) {
      const std::string name(all_kinds()[drop.index].name);
      add_change(place, "drop", rules_.of_kind(drop.index).rule, name, fixed.field.empty() ? Json() : Json(fixed.field),
                 1, out);
      ++out.counts.dropped[name];
      return;
    }
    const bool is_flag = drop.what == DropReason::flag;
    const auto fault = static_cast<RowFault>(drop.index);
    add_change(place, "drop", is_flag ? rules_.of_flag(drop.index).rule : rules_.of(fault).rule, Json(), Json(), 1,
               out);
    ++out.counts.dropped[is_flag ? kQualityFlags[drop.index] : to_text(fault)];
  }

  void add_row(const FixedRow& fixed, const FixLine& line, const Place& place, BlockText& out) const {
    out.rows.append(fixed.changed ? *fixed.changed : line.bytes).append(line.line_end);
    ++out.counts.num_rows_written;
    if (!fixed.changed) return;
    ++out.counts.num_rows_masked;
    if (fixed.is_decoded) {
      add_change(place, "mask", rules_.of(RowFault::encoding).rule, Json(), Json(), 1, out);
      ++out.counts.masked[to_text(RowFault::encoding)];
    }
    for (const Masking& masking : fixed.maskings)
      for (const auto& [kind, count] : masking.kinds) {
        const std::string name(all_kinds()[kind].name);
        add_change(place, "mask", rules_.of_kind(kind).rule, name, masking.field, count, out);
        out.counts.masked[name] += count;
      }
  }

  const FixRules& rules_;
  RowFixer fixer_;
};

bool has_byte_order_mark(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  char bytes[kByteOrderMark.size()] = {};
  file.read(bytes, sizeof bytes);
  return file.gcount() == sizeof bytes && std::string_view(bytes, sizeof bytes) == kByteOrderMark;
}

/// JSON lines keep their name; rows of other formats become JSON lines.
std::string file_name_of(const SplitAudit& split, std::set<std::string>& taken) {
  const std::string ending = split.path.extension().native();
  const bool keeps_name = ending == ".jsonl" || ending == ".ndjson";
  std::string name = keeps_name ? split.path.filename().native() : cat(split.path.stem().native(), ".jsonl");
  if (!taken.insert(name).second) taken.insert(name = cat(split.path.filename().native(), ".jsonl"));
  return name;
}

class Fixer {
 public:
  Fixer(const AuditOptions& options, const FixRules& rules, const fs::path& staging,
        std::function<void(std::uint64_t)> read_bytes)
      : options_(options),
        rules_(rules),
        staging_(staging),
        changes_(staging / kFixEvidenceFolder / kFixChangesName),
        read_bytes_(std::move(read_bytes)) {}

  FixedSplit write(const SplitAudit& split, const SplitPlan& plan) {
    FixedSplit done;
    done.name = split.name;
    done.source = split.path;
    done.source_sha256 = split.sha256;
    done.source_size_bytes = split.size_bytes;
    done.file = file_name_of(split, taken_);
    DurableFile out(staging_ / done.file);
    Sha256 hash;
    const auto put = [&](std::string_view bytes) {
      out.write(bytes);
      hash.update(bytes);
    };
    if (is_json_lines(split.path) && has_byte_order_mark(split.path)) put(kByteOrderMark);
    SplitBlocks blocks(split.path);
    std::deque<BlockWriter> writers;
    for (int i = 0; i < options_.num_workers; ++i) writers.emplace_back(rules_, options_.engine);
    std::size_t num_blocks = 0;
    const std::string source_file = split.path.filename().native();
    using Numbered = std::pair<SplitBlock, std::size_t>;
    run_ordered<Numbered, BlockText>(
        options_.num_workers,
        [&]() -> std::optional<Numbered> {
          std::optional<SplitBlock> block = blocks.next();
          if (!block || num_blocks >= plan.first_rows.size()) return std::nullopt;
          return Numbered{*std::move(block), num_blocks++};
        },
        [&](Numbered block, int thread) {
          return writers[static_cast<std::size_t>(thread)].write(std::move(block.first), plan.first_rows[block.second],
                                                                 plan, source_file);
        },
        [&](const BlockText& block) {
          put(block.rows);
          changes_.write(block.changes);
          changes_hash_.update(block.changes);
          num_changes_ += block.num_changes;
          done.num_rows_read += block.counts.num_rows_read;
          done.num_rows_written += block.counts.num_rows_written;
          done.num_rows_masked += block.counts.num_rows_masked;
          add_counts(done.dropped, block.counts.dropped);
          add_counts(done.masked, block.counts.masked);
          read_bytes_(bytes_before_ + block.end_byte);
        });
    bytes_before_ += split.size_bytes;
    if (blocks.digest_hex() != split.sha256)
      throw RunError(RunErrorKind::data, cat(quote(split.path.native()), " was changed while it was cleaned"),
                     "let nothing write to it, and try again");
    done.size_bytes = out.size_bytes();
    done.sha256 = hash.finish_hex();
    out.commit();
    return done;
  }

  /// Digest of the change list, which is written then.
  std::string finish_changes() {
    changes_.commit();
    return changes_hash_.finish_hex();
  }
  std::uint64_t num_changes() const { return num_changes_; }

 private:
  const AuditOptions& options_;
  const FixRules& rules_;
  fs::path staging_;
  DurableFile changes_;
  Sha256 changes_hash_;
  std::function<void(std::uint64_t)> read_bytes_;
  std::uint64_t num_changes_ = 0, bytes_before_ = 0;
  std::set<std::string> taken_;
};

Json manifest_of(const FixResult& result, const AuditReport& report, const AuditOptions& options, const FixRules& rules,
                 const std::string& changes_sha256, const std::string& report_sha256) {
  Json files = Json::array();
  for (const FixedSplit& split : result.splits)
    files.push(Json::object({{"split", split.name},
                             {"source", Json::object({{"file", split.source.filename().native()},
                                                      {"size_bytes", split.source_size_bytes},
                                                      {"sha256", split.source_sha256},
                                                      {"rows", split.num_rows_read}})},
                             {"cleaned", Json::object({{"file", split.file},
                                                       {"size_bytes", split.size_bytes},
                                                       {"sha256", split.sha256},
                                                       {"rows", split.num_rows_written}})},
                             {"rows_masked", split.num_rows_masked},
                             {"rows_dropped", to_object(split.dropped)},
                             {"places_masked", to_object(split.masked)}}));
  Json measure = Json::object({{"method", to_text(options.dedup_method)}});
  if (options.dedup_method == DedupMethod::minhash) measure.set("jaccard_threshold", options.jaccard_threshold);
  else measure.set("hamming_threshold", options.near_dup_threshold);
  return Json::object(
      {{"kind", kManifestKind},
       {"version", 1},
       {"forgelm", version()},
       {"generated_at", iso_format(environment().utc_now())},
       {"source_path", report.source_path},
       {"source_input", report.source_input},
       {"rules", rules.to_json()},
       {"near_duplicates", std::move(measure)},
       {"files", std::move(files)},
       {"changes",
        Json::object({{"file", kFixChangesName}, {"count", result.num_changes}, {"sha256", changes_sha256}})},
       {"report", Json::object({{"file", kReportName}, {"sha256", report_sha256}})}});
}

/// The audit of what lies in `staging`, said of where it will be.
AuditReport audit_copy(AuditOptions options, const fs::path& staging, const fs::path& folder,
                       const std::string& only_file) {
  const fs::path at = only_file.empty() ? staging : staging / only_file;
  options.input = at.native();
  AuditReport report = audit_data(options);
  const fs::path there = only_file.empty() ? folder : folder / only_file;
  report.source_path = report.source_input = there.native();
  for (SplitAudit& split : report.splits) split.path = folder / split.path.filename();
  for (std::string& note : report.notes)
    for (std::size_t place = 0; (place = note.find(staging.native(), place)) != std::string::npos;)
      note.replace(place, staging.native().size(), folder.native());
  return report;
}

/// Whether the folder is a copy that this made, and nothing besides.
bool is_own_copy(const fs::path& folder) {
  const auto text = read_file_if_exists(folder / kFixEvidenceFolder / kFixManifestName);
  if (!text) return false;
  const auto manifest = parse_json(*text);
  if (!manifest.ok() || text_at(manifest.value(), "kind") != kManifestKind) return false;
  std::set<std::string> known = {kFixEvidenceFolder};
  if (const Json* const files = manifest.value().find("files"); files != nullptr && files->kind() == Json::Kind::array)
    for (const Json& file : files->items())
      if (const Json* const cleaned = file.find("cleaned")) known.insert(text_at(*cleaned, "file"));
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  return !error && std::all_of(entries, fs::directory_iterator{}, [&](const fs::directory_entry& entry) {
    return known.contains(entry.path().filename().native());
  });
}

/// Without links, as far as there is something.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path).lexically_normal(), canonical = fs::weakly_canonical(absolute, error);
  const fs::path found = error ? absolute : canonical;
  return found.has_filename() ? found : found.parent_path();
}

bool contains(const fs::path& folder, const fs::path& path) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

void require_fix_target(const fs::path& input, const fs::path& folder) {
  const fs::path from = resolved(input), to = resolved(folder);
  const auto refuse = [&](std::string_view why, std::string_view hint) {
    throw ConfigError(cat("--fix ", quote(folder.native()), " ", why), std::string(hint));
  };
  if (contains(from, to) || contains(to, from))
    refuse("is, holds or lies in the data", "name a folder elsewhere: the data itself is never changed");
  std::error_code error;
  if (!fs::exists(to, error)) {
    if (!fs::is_directory(to.parent_path(), error))
      refuse("lies in a folder that is not there", "make the folder around it first");
    return;
  }
  if (!fs::is_directory(to, error)) refuse("is a file", "name a folder; the cleaned files keep their names in it");
  if (!fs::is_empty(to, error) && !is_own_copy(to))
    refuse("holds what no run of this command made", "name a folder that is empty or not there");
}

FixResult fix_data(const AuditOptions& options, const AuditReport& report, const FixRules& rules,
                   const fs::path& folder, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  require_fix_target(options.input, folder);
  std::uint64_t total_bytes = 0;
  for (const SplitAudit& split : report.splits) {
    if (!split.error.empty())
      throw RunError(RunErrorKind::data, cat("the split ", split.name, " cannot be cleaned: ", split.error),
                     "a copy without it would not be the data set; mend or remove the file");
    total_bytes += split.size_bytes;
  }
  const auto report_at = [&](std::uint64_t before) {
    return [&, before](std::uint64_t bytes) {
      if (progress) progress(before + bytes, 2 * total_bytes);
    };
  };
  FixResult result;
  result.folder = resolved(folder);
  const std::vector<SplitPlan> plans = plan_fix(options, report, rules, report_at(0));
  Staging staging(result.folder);
  Fixer fixer(options, rules, staging.path(), report_at(total_bytes));
  for (std::size_t i = 0; i < plans.size(); ++i) result.splits.push_back(fixer.write(report.splits[i], plans[i]));
  const std::string changes_sha256 = fixer.finish_changes();
  result.num_changes = fixer.num_changes();
  std::error_code error;
  const bool is_file = !fs::is_directory(report.source_path, error);
  result.cleaned = audit_copy(options, staging.path(), result.folder, is_file ? result.splits.at(0).file : "");
  const std::string cleaned = dump(to_json(result.cleaned), kIndented);
  const fs::path evidence = staging.path() / kFixEvidenceFolder;
  write_file_durably(evidence / kReportName, cleaned);
  write_file_durably(evidence / kFixManifestName,
                     dump(manifest_of(result, report, options, rules, changes_sha256, sha256_hex(cleaned)), kIndented));
  staging.put_at(result.folder);
  return result;
}

}  // namespace forgelm::audit
