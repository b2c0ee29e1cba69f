// Blocks of rows go through run_ordered: cutting on one thread at a time, everything dear (parsing, converting,
// rendering, tokenizing) on all, appending in order on the caller's. A checkpoint after each block says how far the
// store has come; a build that goes on cuts the file again up to there, which costs little. Trap: message trees are
// collected across rows, in order and on one thread; such a build cannot go on half-way.
#include "forgelm/data/tokenize_source.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"
#include "forgelm/formats/row_blocks.hpp"
#include "row_problem.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRowsLookedAt = 100;
constexpr std::size_t kMaxProblems = 20;
constexpr int kRulesVersion = 1;  // raised when the same inputs would give other examples
constexpr std::int64_t kBytesWorthProgress = std::int64_t{256} << 20;

/// A block with the file it is of.
struct Input {
  std::size_t file = 0;
  std::uint64_t first_row = 0;  ///< of the file's first row, over all files
  formats::RowBlock block;
};

/// What became of a block.
struct Output {
  std::size_t file = 0;
  std::uint64_t end_byte = 0;
  std::uint64_t first_row = 0;
  std::vector<Example> examples;
  std::vector<formats::ParsedRow> rows;  ///< only for formats that span rows
  std::vector<Diagnostic> problems;
  DataReport report;
};

class SourceTokenizer {
 public:
  SourceTokenizer(const std::string& label, const std::vector<fs::path>& files, const RowConverter& converter,
                  const ExampleBuilder& builder, const TokenizeOptions& options, TokenStoreWriter& writer)
      : files_(files), converter_(converter), builder_(builder), writer_(writer), options_(options) {
    if (converter_.format().spans_rows) trees_.emplace(converter_);
    std::uint64_t total = 0;
    for (const auto& file : files_) total += fs::file_size(file);
    if (options.shows_progress)
      progress_.emplace(ProgressOptions{cat("tokenize ", label), "byte", static_cast<std::int64_t>(total), 0, true});
    if (!trees_ && !writer_.resume_state().is_null()) restore(writer_.resume_state());
    report_.row_format = converter_.description();
  }

  /// The report, and how many rows (of message trees: conversations) the examples are numbered by.
  Json run() {
    run_ordered<Input, Output>(
        options_.num_threads, [this] { return read(); }, [this](Input input, int) { return work(std::move(input)); },
        [this](Output output) { write(std::move(output)); });
    if (trees_)
      for (const RowOutcome& outcome : trees_->finish()) add_tree(outcome, files_.back().string());
    if (!problems_.empty()) fail();
    if (progress_) progress_->finish();
    return Json::object({{"num_rows", trees_ ? num_trees_ : report_.num_rows}, {"report", report_.to_state()}});
  }

 private:
  std::optional<Input> read() {
    while (true) {
      if (!blocks_) {
        if (reading_ >= files_.size()) return std::nullopt;
        blocks_.emplace(files_[reading_]);
      }
      Input input;
      if (blocks_->next(input.block)) {
        input.file = reading_;
        input.first_row = rows_before_;
        rows_in_file_ = input.block.first_row + input.block.num_rows;
        // What an interrupted build has done already.
        if (reading_ < done_file_ || (reading_ == done_file_ && input.block.end_byte <= done_bytes_)) continue;
        return input;
      }
      rows_before_ += rows_in_file_;
      rows_in_file_ = 0;
      blocks_.reset();
      ++reading_;
    }
  }

  Output work(Input input) const {
    Output output;
    output.file = input.file;
    output.end_byte = input.block.end_byte;
    output.first_row = input.first_row;
    const std::string file = files_[input.file].string();
    std::vector<formats::ParsedRow> rows = formats::parse_block(std::move(input.block));
    if (trees_) {
      output.rows = std::move(rows);
      return output;
    }
    for (const formats::ParsedRow& row : rows) {
      if (!row.ok()) {
        ++output.report.num_rows;
        output.problems.push_back(problem_of(row, file));
        continue;
      }
      RowOutcome outcome = converter_.convert(row.row, file);
      output.report.count(outcome);
      output.report.count_columns(row.row.value);
      if (outcome.problem) output.problems.push_back(std::move(*outcome.problem));
      else build(outcome, input.first_row + row.row.number, file, row.row.line, output);
    }
    return output;
  }

  /// The examples of a row's samples. A row counts as kept when one of them is.
  void build(const RowOutcome& outcome, std::uint64_t row, const std::string& file, std::uint64_t line,
             Output& output) const {
    bool is_kept = outcome.samples.empty();
    std::string dropped_because;
    for (const Sample& sample : outcome.samples) {
      BuiltExamples built;
      try {
        built = builder_.build(sample);
      } catch (const ConfigError& error) {
        output.problems.push_back(problem_of(error, file, line));
        continue;
      }
      if (built.examples.empty()) {
        dropped_because = built.dropped_because;
        if (built.has_nothing_learnt) ++output.report.num_unlearnt;
      }
      if (built.is_truncated) ++output.report.num_truncated;
      if (built.examples.size() > 1) ++output.report.num_split;
      for (Example& example : built.examples) {
        is_kept = true;
        example.row = row;
        std::uint64_t num_tokens = 0, num_learnt = 0;
        for (const Sequence& sequence : example.sequences) {
          num_tokens += sequence.ids.size();
          num_learnt += SequenceView{sequence.ids, sequence.learnt}.num_learnt();
        }
        output.report.count_example(num_tokens, num_learnt, sample.kind == SampleKind::prompt);
        output.examples.push_back(std::move(example));
      }
    }
    if (!is_kept && !dropped_because.empty()) output.report.drop_kept(dropped_because, outcome.num_rows);
  }

  void write(Output output) {
    const std::string file = files_[output.file].string();
    for (formats::ParsedRow& row : output.rows) {
      if (!row.ok()) {
        ++report_.num_rows;
        add_problem(problem_of(row, file));
        continue;
      }
      row.row.number += output.first_row;
      report_.count_columns(row.row.value);
      for (const RowOutcome& outcome : trees_->add(row.row, file)) add_tree(outcome, file);
    }
    for (Diagnostic& problem : output.problems) add_problem(std::move(problem));
    report_.merge(output.report);
    for (const Example& example : output.examples) writer_.append(example);
    if (!trees_ && problems_.empty())
      writer_.checkpoint(
          Json::object({{"file", output.file}, {"bytes", output.end_byte}, {"report", report_.to_state()}}));
    if (progress_) {
      if (output.file != written_file_) {
        bytes_before_ += fs::file_size(files_[written_file_]);
        written_file_ = output.file;
      }
      progress_->update(static_cast<std::int64_t>(bytes_before_ + output.end_byte));
    }
    if (problems_.size() >= kMaxProblems) fail();
    if (options_.wants_stop && options_.wants_stop())
      throw RunError(RunErrorKind::interrupted, "interrupted while tokenizing",
                     "the same command goes on with what is in the token cache");
  }

  void add_tree(const RowOutcome& outcome, const std::string& file) {
    if (outcome.problem) {
      report_.count(outcome);
      return add_problem(*outcome.problem);
    }
    Output output;
    output.report.count(outcome);
    build(outcome, num_trees_++, file, 0, output);
    for (Diagnostic& problem : output.problems) add_problem(std::move(problem));
    report_.merge(output.report);
    for (const Example& example : output.examples) writer_.append(example);
  }

  void add_problem(Diagnostic problem) {
    if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
  }

  [[noreturn]] void fail() { throw ConfigError(std::move(problems_)); }

  void restore(const Json& state) {
    done_file_ = static_cast<std::size_t>(state.at("file").integer());
    done_bytes_ = static_cast<std::uint64_t>(state.at("bytes").integer());
    report_ = DataReport::from_state(state.at("report"));
  }

  const std::vector<fs::path>& files_;
  const RowConverter& converter_;
  const ExampleBuilder& builder_;
  TokenStoreWriter& writer_;
  const TokenizeOptions& options_;
  std::optional<Progress> progress_;
  std::optional<MessageTreeCollector> trees_;
  DataReport report_;
  std::uint64_t num_trees_ = 0;
  std::vector<Diagnostic> problems_;
  // Reading; one thread at a time.
  std::optional<formats::RowBlocks> blocks_;
  std::size_t reading_ = 0;
  std::uint64_t rows_before_ = 0;
  std::uint64_t rows_in_file_ = 0;
  std::size_t done_file_ = 0;
  std::uint64_t done_bytes_ = 0;
  // Writing.
  std::size_t written_file_ = 0;
  std::uint64_t bytes_before_ = 0;
};

TokenCacheRecipe recipe_of(const std::vector<fs::path>& files, const RowRules& rules, const RowConverter& converter,
                           const ExampleBuilder& builder, const TokenizeOptions& options) {
  TokenCacheRecipe recipe;
  std::int64_t total = 0;
  for (const auto& file : files) total += static_cast<std::int64_t>(fs::file_size(file));
  std::optional<Progress> progress;
  if (options.shows_progress && total > kBytesWorthProgress)
    progress.emplace(ProgressOptions{"digest of the data", "byte", total, 0, true});
  for (const auto& file : files) {
    const std::uint64_t size_bytes = fs::file_size(file);
    recipe.sources.push_back({fs::absolute(file).lexically_normal().string(), sha256_file(file), size_bytes});
    if (progress) progress->advance(static_cast<std::int64_t>(size_bytes));
  }
  recipe.tokenizer_sha256 = builder.tokenizer().digest();
  recipe.template_sha256 = builder.chat_template().digest();
  recipe.rules = Json::object({{"version", kRulesVersion},
                               {"row_format", converter.format().name},
                               {"columns", rules.columns},
                               {"trainer", to_text(rules.trainer)},
                               {"task", to_text(rules.task)},
                               {"clean_text", rules.clean_text},
                               {"has_optional_columns", rules.has_optional_columns},
                               {"example", builder.rules().to_json()}});
  return recipe;
}

}  // namespace

RowConverter converter_for(const std::vector<fs::path>& files, const RowRules& rules) {
  std::vector<formats::Row> first_rows;
  std::exception_ptr first_problem;  // rows that cannot be read are reported when all are read
  std::string name = files.empty() ? "" : files.front().string();
  for (const auto& file : files) {
    const auto reader = formats::open_rows(file);
    formats::Row row;
    for (std::size_t seen = 0; seen < kRowsLookedAt; ++seen) {
      try {
        if (!reader->next(row)) break;
        first_rows.push_back(std::move(row));
      } catch (const ConfigError&) {
        if (!first_problem) first_problem = std::current_exception();
      }
    }
    name = file.string();
    if (!first_rows.empty()) break;
  }
  if (first_rows.empty() && first_problem) std::rethrow_exception(first_problem);
  if (first_rows.empty()) throw ConfigError(cat(name, ": there are no rows"));
  return RowConverter(rules, name, first_rows);
}

TokenizedSource tokenize_source(const std::string& label, const std::vector<fs::path>& files, const RowRules& rules,
                                const ExampleBuilder& builder, const TokenizeOptions& options) {
  const RowConverter converter = converter_for(files, rules);
  bool was_cached = true;
  const auto build = [&](TokenStoreWriter& writer) {
    was_cached = false;
    return SourceTokenizer(label, files, converter, builder, options, writer).run();
  };
  auto store = std::make_shared<const TokenStore>(
      cached_tokens(options.cache_folder, recipe_of(files, rules, converter, builder, options), build, options.store));
  DataReport report = DataReport::from_state(store->report().at("report"));
  const auto num_rows = static_cast<std::uint64_t>(store->report().at("num_rows").integer());
  std::vector<std::string> warnings;
  if (rules.task != config::DataTask::chat && !converter.task_has_effect())
    warnings.push_back(
        cat("data.task ", to_text(rules.task), " changes nothing for rows of the format ", converter.format().name));
  if (!rules.clean_text && !converter.clean_text_has_effect())
    warnings.push_back(cat("data.clean_text changes nothing for rows of the format ", converter.format().name));
  return {std::move(store), std::move(report), num_rows, converter.description(), was_cached, std::move(warnings)};
}

}  // namespace forgelm::data
