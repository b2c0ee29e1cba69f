// Blocks of rows on all threads, as training reads them (tokenize_source.cpp), without what comes behind the samples.
#include "forgelm/data/check_rows.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "empty_value.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/tokenize_source.hpp"
#include "forgelm/formats/row_blocks.hpp"
#include "row_cell.hpp"
#include "row_problem.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargeFileBytes = std::uint64_t{500} << 20;

/// Rows that a model of a size needs at the least, and those it is better with.
struct SizeAdvice {
  double below_billion;
  std::uint64_t least, recommended;
  std::string_view what;
};
constexpr std::array<SizeAdvice, 4> kSizeAdvice = {{{1, 100, 500, "below 1B"},
                                                    {3, 200, 1000, "of 1B to 3B"},
                                                    {7, 500, 2000, "of 3B to 7B"},
                                                    {1e9, 1000, 5000, "of 7B and more"}}};

struct Input {
  std::size_t file = 0;
  formats::RowBlock block;
};

struct Output {
  std::size_t file = 0;
  std::uint64_t end_byte = 0;
  std::vector<formats::ParsedRow> rows;  ///< only for formats that span rows
  std::vector<Diagnostic> findings;
  CheckedSplit counts;
};

Diagnostic warning(std::string code, const std::string& file, const formats::Row& row, std::string path,
                   std::string message) {
  Diagnostic out;
  out.severity = Severity::warning;
  out.code = std::move(code);
  out.path = std::move(path);
  out.spot.file = file;
  out.spot.line = static_cast<int>(std::min<std::uint64_t>(row.line, 1u << 30));
  out.message = std::move(message);
  if (row.line == 0) out.message = cat("row ", row.number, ": ", out.message);
  return out;
}

class SplitCheck {
 public:
  SplitCheck(const SourceSplit& split, const CheckOptions& options, std::uint64_t bytes_before,
             std::uint64_t bytes_in_all, CheckReport& report)
      : split_(split), options_(options), bytes_before_(bytes_before), bytes_in_all_(bytes_in_all), report_(report) {
    counts_.name = split.name;
    for (const fs::path& file : split.files) counts_.size_bytes += fs::file_size(file);
  }

  CheckedSplit run() {
    try {
      converter_.emplace(converter_for(split_.files, options_.rules));
    } catch (const ConfigError& error) {
      for (const Diagnostic& problem : error.diagnostics()) add(problem);
      if (error.diagnostics().empty()) add(problem_of(error, split_.files.front().string(), 0));
      return counts_;
    }
    counts_.format = converter_->description();
    counts_.unused_columns = converter_->unused_columns();
    if (converter_->format().spans_rows) trees_.emplace(*converter_);
    run_ordered<Input, Output>(
        options_.num_threads, [this] { return read(); }, [this](Input input, int) { return work(std::move(input)); },
        [this](Output output) { take(std::move(output)); });
    if (trees_)
      for (const RowOutcome& outcome : trees_->finish()) take_tree(outcome, split_.files.back().string());
    return counts_;
  }

 private:
  std::optional<Input> read() {
    for (;;) {
      if (!blocks_) {
        if (reading_ >= split_.files.size()) return std::nullopt;
        blocks_.emplace(split_.files[reading_]);
      }
      Input input;
      input.file = reading_;
      if (blocks_->next(input.block)) return input;
      blocks_.reset();
      ++reading_;
    }
  }

  Output work(Input input) const {
    Output output;
    output.file = input.file;
    output.end_byte = input.block.end_byte;
    const std::string file = split_.files[input.file].string();
    std::vector<formats::ParsedRow> rows = formats::parse_block(std::move(input.block));
    output.counts.num_rows = rows.size();
    if (trees_) {
      output.rows = std::move(rows);
      return output;
    }
    for (const formats::ParsedRow& row : rows) {
      if (row.ok()) check(row.row, file, output);
      else {
        ++output.counts.num_wrong;
        output.findings.push_back(problem_of(row, file));
      }
    }
    return output;
  }

  void check(const formats::Row& row, const std::string& file, Output& output) const {
    RowOutcome outcome = converter_->convert(row, file);
    if (outcome.problem) {
      ++output.counts.num_wrong;
      output.findings.push_back(std::move(*outcome.problem));
      return;
    }
    if (outcome.dropped_because.empty()) ++output.counts.num_usable;
    if (find_empty(row, file, output)) {
      ++output.counts.num_empty;
    } else if (!outcome.dropped_because.empty()) {
      ++output.counts.num_dropped;
      output.findings.push_back(
          warning("useless_row", file, row, "", cat("nothing is learnt from it: ", outcome.dropped_because)));
    }
  }

  /// Required columns without content; true when there is one. A prompt may be left out where the answers hold the
  /// conversation, but one that is there and says nothing is a mistake.
  bool find_empty(const formats::Row& row, const std::string& file, Output& output) const {
    bool is_any = false;
    for (const ColumnSpec& column : converter_->format().columns) {
      if (!column.is_required && column.name != "prompt") continue;
      const auto found = column_of(row.value, column);
      if (found ? !is_empty_value(found->second) : !column.is_required) continue;
      is_any = true;
      output.findings.push_back(warning("empty_value", file, row, found ? found->first : std::string(column.name),
                                        found ? "is empty" : "is absent"));
    }
    return is_any;
  }

  /// The row's column for one of the format, by any of its names.
  std::optional<std::pair<std::string, Json>> column_of(const Json& row, const ColumnSpec& column) const {
    std::vector<std::string_view> candidates = {column.name};
    candidates.insert(candidates.end(), column.also.begin(), column.also.end());
    for (const std::string_view name : candidates) {
      const auto in_file = name.empty() ? std::nullopt : converter_->names().in_file(name);
      if (!in_file) continue;
      if (const Json* value = row.find(*in_file)) return std::pair(std::string(*in_file), *value);
    }
    return std::nullopt;
  }

  void take(Output output) {
    const std::string file = split_.files[output.file].string();
    counts_.num_rows += output.counts.num_rows;
    counts_.num_usable += output.counts.num_usable;
    counts_.num_wrong += output.counts.num_wrong;
    counts_.num_empty += output.counts.num_empty;
    counts_.num_dropped += output.counts.num_dropped;
    for (formats::ParsedRow& row : output.rows) {
      if (!row.ok()) {
        ++counts_.num_wrong;
        add(problem_of(row, file));
        continue;
      }
      for (const RowOutcome& outcome : trees_->add(row.row, file)) take_tree(outcome, file);
    }
    for (Diagnostic& finding : output.findings) add(std::move(finding));
    if (!options_.on_progress) return;
    if (output.file != taken_file_) {
      bytes_before_ += fs::file_size(split_.files[taken_file_]);
      taken_file_ = output.file;
    }
    options_.on_progress(bytes_before_ + output.end_byte, bytes_in_all_);
  }

  void take_tree(const RowOutcome& outcome, const std::string& file) {
    if (outcome.problem) {
      ++counts_.num_wrong;
      add(*outcome.problem);
    } else if (outcome.dropped_because.empty()) {
      counts_.num_usable += outcome.num_rows;
    } else {
      counts_.num_dropped += outcome.num_rows;
      formats::Row row;
      row.number = outcome.row;
      add(warning("useless_row", file, row, "", cat("nothing is learnt from it: ", outcome.dropped_because)));
    }
  }

  void add(Diagnostic finding) {
    ++report_.num_findings;
    report_.has_error = report_.has_error || finding.severity == Severity::error;
    if (report_.findings.size() < options_.max_findings) report_.findings.push_back(std::move(finding));
  }

  const SourceSplit& split_;
  const CheckOptions& options_;
  std::uint64_t bytes_before_, bytes_in_all_;
  CheckReport& report_;
  CheckedSplit counts_;
  std::optional<RowConverter> converter_;
  std::optional<MessageTreeCollector> trees_;
  std::optional<formats::RowBlocks> blocks_;
  std::size_t reading_ = 0, taken_file_ = 0;
};

void advise(const Source& source, const CheckOptions& options, CheckReport& report) {
  for (const SourceSplit& split : source.splits)
    for (const fs::path& file : split.files)
      if (const std::uint64_t size_bytes = fs::file_size(file); size_bytes > kLargeFileBytes)
        report.advice.push_back(cat(file.filename().string(), " has ", size_bytes >> 20,
                                    " MiB: files below 500 MiB are easier to look at, to move and to audit in parts"));
  const std::uint64_t num_rows = report.splits.front().num_usable;
  for (const SizeAdvice& advice : kSizeAdvice) {
    if (options.num_billion_parameters <= 0 || options.num_billion_parameters >= advice.below_billion) continue;
    if (num_rows < advice.recommended)
      report.advice.push_back(cat(num_rows, " usable rows: a model ", advice.what, " wants at least ", advice.least,
                                  " and is better with ", advice.recommended));
    break;
  }
}

}  // namespace

CheckReport check_rows(const Source& source, const CheckOptions& options) {
  CheckReport report;
  std::uint64_t bytes_in_all = 0, bytes_before = 0;
  for (const SourceSplit& split : source.splits)
    for (const fs::path& file : split.files) bytes_in_all += fs::file_size(file);
  for (const SourceSplit& split : source.splits) {
    report.splits.push_back(SplitCheck(split, options, bytes_before, bytes_in_all, report).run());
    bytes_before += report.splits.back().size_bytes;
  }
  const CheckedSplit& train = report.splits.front();
  if (!train.format.empty() && train.num_usable < options.min_rows) {
    Diagnostic problem;
    problem.code = "too_few_rows";
    problem.spot.file = source.root.string();
    problem.message =
        cat(train.num_usable, " usable rows to train on, and at least ", options.min_rows, " are asked for");
    problem.hint = "--min-rows sets another bound";
    ++report.num_findings;
    report.has_error = true;
    report.findings.push_back(std::move(problem));
  }
  advise(source, options, report);
  return report;
}

}  // namespace forgelm::data
